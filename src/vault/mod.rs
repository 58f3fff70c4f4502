//! Secrets at rest. A vault holds one or more master keys: the first seals, each cell names the
//! key that opens it. From a master key come, by HMAC under fixed words, the key that seals, the
//! key of the check value in the `install` table and the pepper of fingerprints. Only the store,
//! the exchange edge and the CLI come here; nothing of it can be printed.

mod cell;
mod credential;
mod key_file;
mod start;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use cell::CellName;
pub use credential::{Sealed, hint};
pub use key_file::KeyFileError;
pub use start::{Backend, Found, Holds, Start, decide};

use crate::domain::id::WorkspaceId;
use crate::secret::Secret;

/// The length of a master key and of everything derived from one.
const KEY_BYTES: usize = 32;
/// The length of a master key's name.
const ID_BYTES: usize = 6;
const CHECK_TEXT: &[u8] = b"keylapse install check v1";

/// Why something could not be sealed, opened or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Not a cell of ours, or of a later version.
    #[error(
        "A stored secret has a form that this version cannot read: run the version that wrote it, or restore a backup."
    )]
    Form,
    /// Sealed under a key that is not in the key file.
    #[error(
        "A stored secret was sealed under a master key that is not in the key file: bring that key file back."
    )]
    UnknownKey,
    /// Changed, or moved to another place in the database.
    #[error(
        "A stored secret was changed or moved in the database: restore a backup, or type the key's secrets again with keylapse key replace."
    )]
    Tampered,
    /// The key file does not belong to the database.
    #[error(
        "The master key does not belong to this database: bring back the key file that was made with it. Nothing was changed."
    )]
    WrongKey,
    /// The operating system has no randomness.
    #[error("The operating system gave no random bytes, so nothing was sealed: repair that first.")]
    NoRandomness,
}

/// 32 random bytes that everything else derives from.
pub struct MasterKey {
    id: [u8; ID_BYTES],
    bytes: Zeroizing<Vec<u8>>,
}

impl MasterKey {
    /// A new one from the operating system's generator.
    pub fn generate() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new(vec![0; KEY_BYTES]);
        getrandom::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
        Ok(Self::from_bytes(bytes))
    }

    fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        let mut key = Self { id: [0; ID_BYTES], bytes };
        // The name follows from the key: a mistyped key file is noticed before it is used.
        let name = key.derive(b"keylapse key name v1");
        key.id.copy_from_slice(&name[..ID_BYTES]);
        key
    }

    fn derive(&self, purpose: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0; KEY_BYTES]);
        out.copy_from_slice(&keyed(&self.bytes, &[purpose]).finalize().into_bytes());
        out
    }

    /// Its name: twelve hex digits, in every cell that it seals. No secret.
    pub fn id(&self) -> String {
        hex(&self.id)
    }

    fn check(&self) -> Hmac<Sha256> {
        keyed(&self.derive(b"keylapse check v1"), &[CHECK_TEXT])
    }
}

/// Seals and opens. Cheap to share behind an `Arc`.
pub struct Vault {
    /// The first seals; never empty.
    current: Member,
    others: Vec<Member>,
    pepper: Zeroizing<Vec<u8>>,
}

struct Member {
    master: MasterKey,
    sealer: cell::Sealer,
}

impl Member {
    fn new(master: MasterKey) -> Self {
        let sealer = cell::Sealer::new(master.id, &master.derive(b"keylapse seal v1"));
        Self { master, sealer }
    }
}

impl Vault {
    /// A vault whose `current` key seals and whose `others` only open.
    pub fn new(current: MasterKey, others: Vec<MasterKey>) -> Self {
        let pepper = current.derive(b"keylapse pepper v1");
        let others = others.into_iter().map(Member::new).collect();
        Self { current: Member::new(current), others, pepper }
    }

    /// The name of the key that seals, for the table's `vault_key_id`.
    pub fn key_id(&self) -> String {
        self.current.master.id()
    }

    /// Seals `secret` for exactly this place; it opens nowhere else.
    pub fn seal(&self, name: &CellName<'_>, secret: &Secret) -> Result<String, VaultError> {
        self.current.sealer.seal(name, secret)
    }

    /// Opens what was sealed for exactly this place.
    pub fn open(&self, name: &CellName<'_>, sealed: &str) -> Result<Secret, VaultError> {
        let cell = cell::Cell::parse(sealed)?;
        let member = self.member(cell.key_id).ok_or(VaultError::UnknownKey)?;
        member.sealer.open(name, &cell)
    }

    /// What the `install` table keeps to recognise this key: says nothing about it.
    pub fn check_value(&self) -> String {
        let mac = self.current.master.check().finalize().into_bytes();
        format!("1.{}.{}", self.key_id(), STANDARD_NO_PAD.encode(mac))
    }

    /// Whether a check value was made by one of our keys. The key file of another installation
    /// is refused before a byte is written.
    pub fn verify_check_value(&self, value: &str) -> Result<(), VaultError> {
        let mut parts = value.split('.');
        let (Some("1"), Some(id), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VaultError::Form);
        };
        let mac = STANDARD_NO_PAD.decode(mac).map_err(|_| VaultError::Form)?;
        let member = self.members().find(|member| member.master.id() == id);
        let member = member.ok_or(VaultError::WrongKey)?;
        member.master.check().verify_slice(&mac).map_err(|_| VaultError::WrongKey)
    }

    /// Under which two entries of the same key are equal within a workspace, and only there.
    /// Never a plain hash: key ids are short enough to be tried out.
    pub fn fingerprint(&self, workspace: &WorkspaceId, key_id_text: &Secret) -> String {
        let workspace = workspace.as_str().as_bytes();
        let length = u64::try_from(workspace.len()).unwrap_or(u64::MAX).to_be_bytes();
        let parts: [&[u8]; 3] = [&length, workspace, key_id_text.expose().as_bytes()];
        hex(&keyed(&self.pepper, &parts).finalize().into_bytes())
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        std::iter::once(&self.current).chain(&self.others)
    }

    fn member(&self, id: [u8; ID_BYTES]) -> Option<&Member> {
        self.members().find(|member| member.master.id == id)
    }
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

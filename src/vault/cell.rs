//! One sealed cell: XChaCha20-Poly1305 over the secret, bound to the place where it is stored.
//! Form: base64 of format (1), name of the vault key (6), nonce (24), ciphertext with tag.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{ID_BYTES, VaultError};
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::{KeyId, WorkspaceId};
use crate::secret::Secret;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_BYTES;

/// The place of a sealed cell. All of it is bound: a cell that is copied to another workspace,
/// key, field, exchange, site or generation does not open there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellName<'a> {
    /// The tenant.
    pub workspace: &'a WorkspaceId,
    /// The key it belongs to.
    pub key: &'a KeyId,
    /// What it is, for example `secret` or `passphrase`.
    pub field: &'a str,
    /// Who issued it.
    pub exchange: Exchange,
    /// On which site.
    pub site: Site,
    /// Which credential under the key.
    pub generation: &'a str,
}

impl CellName<'_> {
    /// Everything that the tag covers beside the secret, each part after its length, so that no
    /// two places read the same.
    fn bound(&self, key_id: [u8; ID_BYTES]) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend(key_id);
        let parts = [
            self.workspace.as_str(),
            self.key.as_str(),
            self.field,
            self.exchange.id(),
            self.site.id(),
            self.generation,
        ];
        for part in parts {
            out.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            out.extend(part.as_bytes());
        }
        out
    }
}

/// A cell taken apart, not yet opened.
pub(super) struct Cell {
    pub(super) key_id: [u8; ID_BYTES],
    nonce: XNonce,
    sealed: Vec<u8>,
}

impl Cell {
    pub(super) fn parse(text: &str) -> Result<Self, VaultError> {
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| VaultError::Form)?;
        if bytes.len() < HEAD_BYTES + TAG_BYTES || bytes[0] != FORMAT {
            return Err(VaultError::Form);
        }
        let (head, sealed) = bytes.split_at(HEAD_BYTES);
        let (id, nonce) = head[1..].split_at(ID_BYTES);
        Ok(Self {
            key_id: id.try_into().map_err(|_| VaultError::Form)?,
            nonce: XNonce::try_from(nonce).map_err(|_| VaultError::Form)?,
            sealed: sealed.to_vec(),
        })
    }
}

/// Seals and opens under one vault key; the cipher wipes its key when dropped.
pub(super) struct Sealer {
    key_id: [u8; ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    pub(super) fn new(key_id: [u8; ID_BYTES], key: &[u8]) -> Self {
        let cipher = XChaCha20Poly1305::new_from_slice(key).expect("derived keys have 32 bytes");
        Self { key_id, cipher }
    }

    pub(super) fn seal(&self, name: &CellName<'_>, secret: &Secret) -> Result<String, VaultError> {
        let mut nonce = XNonce::default();
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
        let aad = name.bound(self.key_id);
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &aad };
        // Fails only beyond 256 GiB.
        let sealed = self.cipher.encrypt(&nonce, payload).map_err(|_| VaultError::Form)?;
        let mut bytes = vec![FORMAT];
        bytes.extend(self.key_id);
        bytes.extend(nonce);
        bytes.extend(sealed);
        Ok(STANDARD_NO_PAD.encode(bytes))
    }

    pub(super) fn open(&self, name: &CellName<'_>, cell: &Cell) -> Result<Secret, VaultError> {
        let aad = name.bound(self.key_id);
        let payload = Payload { msg: &cell.sealed, aad: &aad };
        let plain = self.cipher.decrypt(&cell.nonce, payload).map_err(|_| VaultError::Tampered)?;
        let plain = String::from_utf8(plain).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            VaultError::Form
        })?;
        Ok(Secret::new(plain))
    }
}

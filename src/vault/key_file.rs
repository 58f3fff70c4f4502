//! The file that holds the master keys: one line each, `keylapse-master-key-1 <name> <base64>`,
//! the first one sealing, lines with # for people. It appears complete or not at all.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{KEY_BYTES, MasterKey, Vault, VaultError, hex};
use crate::private_file::{self, FileFault, Trust};

const HEADER: &str = "keylapse-master-key-1";
/// Some hundred keys; a larger file is another file.
const CAP: u64 = 16 * 1024;

/// Why a key file cannot be made or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// There is one already; it was not touched.
    #[error("{0} exists already: keylapse never overwrites a master key.")]
    Exists(String),
    /// It cannot be written.
    #[error(
        "{path} cannot be written ({reason}): make its folder writable for this user, on a disk of this machine."
    )]
    Unwritable {
        /// The file.
        path: String,
        /// The system's reason.
        reason: String,
    },
    /// Missing, unreadable, or open to others.
    #[error("The master key file cannot be used: {0}")]
    File(#[from] FileFault),
    /// A line that is no key.
    #[error(
        "Line {line} of {path} is no master key or is damaged: bring back the file as keylapse made it."
    )]
    Damaged {
        /// The file.
        path: String,
        /// Which line, from 1.
        line: usize,
    },
    /// No line with a key.
    #[error("{0} holds no master key: bring back the file as keylapse made it.")]
    Empty(String),
    /// No randomness to make one from.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// Makes a new master key in a new file of mode 0600; file and folder are on the disk when
    /// this returns. Of several at once exactly one succeeds, the others get
    /// [`KeyFileError::Exists`] and can open a complete file.
    pub fn create_key_file(path: &Path) -> Result<Self, KeyFileError> {
        let key = MasterKey::generate()?;
        publish(path, &line(&key))?;
        Ok(Self::new(key, Vec::new()))
    }

    /// Opens an existing key file after judging it on the opened handle.
    pub fn open_key_file(path: &Path, trust: &Trust) -> Result<Self, KeyFileError> {
        let bytes = private_file::read_secret(path, CAP, trust)?;
        let mut keys = parse(path, &bytes)?.into_iter();
        let current = keys.next().ok_or_else(|| KeyFileError::Empty(path.display().to_string()))?;
        Ok(Self::new(current, keys.collect()))
    }

    /// Makes the file, or opens the one that another start made in the same moment. `true` when
    /// it is new. Only after [`decide`](super::decide) said *create*.
    pub fn create_or_open(path: &Path, trust: &Trust) -> Result<(Self, bool), KeyFileError> {
        match Self::create_key_file(path) {
            Ok(vault) => Ok((vault, true)),
            Err(KeyFileError::Exists(_)) => Ok((Self::open_key_file(path, trust)?, false)),
            Err(error) => Err(error),
        }
    }
}

fn line(key: &MasterKey) -> Zeroizing<String> {
    let secret = Zeroizing::new(STANDARD.encode(&key.bytes));
    Zeroizing::new(format!("{HEADER} {} {}\n", key.id(), secret.as_str()))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<MasterKey>, KeyFileError> {
    let damaged = |line| KeyFileError::Damaged { path: path.display().to_string(), line };
    let text = std::str::from_utf8(bytes).map_err(|_| damaged(1))?;
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| parse_line(line).ok_or_else(|| damaged(at)))
        .collect()
}

fn parse_line(line: &str) -> Option<MasterKey> {
    let mut words = line.split_whitespace();
    let (Some(HEADER), Some(id), Some(secret), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    // Decoded into a buffer of its final size: growing would leave an unwiped copy behind.
    let mut bytes = Zeroizing::new(vec![0; KEY_BYTES + 2]);
    let length = STANDARD.decode_slice(secret, &mut bytes).ok()?;
    bytes.truncate(length);
    let key = (length == KEY_BYTES).then(|| MasterKey::from_bytes(bytes))?;
    (key.id() == id).then_some(key)
}

/// Writes beside the place and links there: the link fails when anything has that name, and
/// nobody ever sees half a file, whenever we are stopped.
fn publish(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let name = || path.display().to_string();
    let unwritable = |error: std::io::Error| KeyFileError::Unwritable {
        path: name(),
        reason: private_file::reason(&error),
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let draft = Draft::new(folder)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft.0)
        .map_err(unwritable)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritable)?;
    match std::fs::hard_link(&draft.0, path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(KeyFileError::Exists(name()));
        }
        linked => linked.map_err(unwritable)?,
    }
    drop(draft);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritable)
}

/// A file under a name of its own, removed whatever happens.
struct Draft(PathBuf);

impl Draft {
    fn new(folder: &Path) -> Result<Self, KeyFileError> {
        let mut chance = [0; 8];
        getrandom::fill(&mut chance).map_err(|_| VaultError::NoRandomness)?;
        Ok(Self(folder.join(format!(".keylapse-key-{}", hex(&chance)))))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

//! How a subcommand ends when it does not succeed: one sentence for the person and an exit code.
//! What only the log may see stays in the log, found by a reference.

use crate::hardening::HardeningError;
use crate::ids::Ids;
use crate::private_file::FileFault;
use crate::store::StoreError;
use crate::store::deed::DeedError;
use crate::vault::{KeyFileError, VaultError};

/// Why a subcommand did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It tried and could not: exit code 1.
    Failed(String),
    /// It was asked for something that it does not do: exit code 2.
    Refused(String),
    /// Everything was said already; this exit code.
    Said(u8),
}

impl Failure {
    /// The sentence, unless it was said.
    pub fn sentence(&self) -> Option<&str> {
        match self {
            Self::Failed(sentence) | Self::Refused(sentence) => Some(sentence),
            Self::Said(_) => None,
        }
    }

    /// The exit code of the process.
    pub fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Refused(_) => 2,
            Self::Said(code) => *code,
        }
    }

    /// Something that should not happen: the log gets the whole of it, the person a reference.
    pub fn unexpected(error: &(dyn std::error::Error + 'static)) -> Self {
        let reference = Ids::Random.reference();
        tracing::error!(reference, error, "unexpected");
        Self::Failed(format!(
            "Something broke on my side (reference {reference} in keylapse's log). Nothing was changed."
        ))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let sentence = error.to_string();
        match error {
            StoreError::Newer
            | StoreError::Foreign(_)
            | StoreError::HalfMigrated(_)
            | StoreError::LabelTaken
            | StoreError::KeyTaken => Self::Refused(sentence),
            StoreError::Full | StoreError::ReadOnly => Self::Failed(sentence),
            StoreError::Conflict => Self::Failed(
                "Somebody else changed the same thing in this moment. Nothing was changed here: try again.".to_owned(),
            ),
            StoreError::Garbled(_) => Self::Failed(format!(
                "{sentence} Restore a backup, or install the version that wrote it."
            )),
            StoreError::Unreachable(reason) => Self::Failed(unreachable(&reason)),
            StoreError::Database(ref inner) => database(&inner.to_string())
                .map_or_else(|| Self::unexpected(&error), |known| Self::Failed(known.to_owned())),
        }
    }
}

fn unreachable(reason: &str) -> String {
    database(reason).map_or_else(
        || format!("The database cannot be opened ({reason}): see that it is there and runs, and that [database] url is right."),
        str::to_owned,
    )
}

/// What the database's own words mean for a person.
fn database(words: &str) -> Option<&'static str> {
    let table = [
        (
            "locked",
            "The database is busy with another program's work. Nothing was changed: try again in a moment.",
        ),
        (
            "not a database",
            "The database file is not one of keylapse: restore a backup, or name another file in [database] url.",
        ),
        ("malformed", "The database file is damaged: restore a backup."),
        (
            "I/O error",
            "The disk under the database failed to read or write. Nothing was changed: check the disk, its free space and the limit on file sizes.",
        ),
        (
            "unable to open database file",
            "The database file cannot be opened: make it and its folder readable and writable for this user.",
        ),
    ];
    table.into_iter().find(|(known, _)| words.contains(known)).map(|(_, sentence)| sentence)
}

impl From<DeedError> for Failure {
    fn from(error: DeedError) -> Self {
        match error {
            DeedError::Store(error) => error.into(),
            DeedError::Unknown => Self::Refused(
                "That key is not here any more; keylapse key list shows what is.".to_owned(),
            ),
            DeedError::Refused(_) | DeedError::Worse | DeedError::NothingSeen => {
                Self::Refused(error.to_string())
            }
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::WrongKey | VaultError::UnknownKey => Self::Refused(error.to_string()),
            VaultError::Form | VaultError::Tampered | VaultError::NoRandomness => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<HardeningError> for Failure {
    fn from(error: HardeningError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<FileFault> for Failure {
    fn from(error: FileFault) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Shorthand for [`Failure::Refused`].
pub fn refused<T>(sentence: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Refused(sentence.into()))
}

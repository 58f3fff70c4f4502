//! Whether a start may make a master key (SECURITY S4). A key made at the wrong moment would make
//! everything that is already sealed unreadable, so it happens only where nothing can be sealed.

use std::path::Path;

/// Which database stands behind the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file of this machine.
    Sqlite,
    /// A server that other machines may use as well.
    Postgres,
}

/// What a start finds before it changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// There is a key file at the configured path.
    pub key_file: bool,
    /// Where rows are kept.
    pub backend: Backend,
    /// What the database holds.
    pub holds: Holds,
}

/// How far a database has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// No table: it is new, or lost.
    Nothing,
    /// Tables, and nothing of a master key.
    Tables,
    /// The check value of a master key, or a cell that one sealed.
    Secrets,
}

/// What to do about the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Make a new one.
    Create,
    /// Open the file; then the check value decides, and without one a sealed row must open.
    Open,
    /// Leave with exit code 2 and this sentence, without having changed a byte.
    Refuse(String),
}

/// Decides what a start does about the master key at `key_file`.
pub fn decide(found: Found, key_file: &Path) -> Start {
    let path = key_file.display();
    if found.key_file && found.backend == Backend::Sqlite && found.holds == Holds::Nothing {
        return Start::Refuse(format!(
            "There is a master key at {path}, and its database is missing or empty: bring the database back, or move the key file away to start anew. Nothing was changed."
        ));
    }
    if found.key_file {
        return Start::Open;
    }
    if found.holds == Holds::Secrets {
        return Start::Refuse(format!(
            "The database holds secrets of a master key, and there is no key file at {path}: bring that file back. Nothing was changed."
        ));
    }
    match found.backend {
        Backend::Sqlite => Start::Create,
        Backend::Postgres => Start::Refuse(format!(
            "There is no master key at {path}, and with PostgreSQL keylapse makes none by itself, because another machine may hold the one in use: copy its file here, or make the first one with keylapse vault create."
        )),
    }
}

//! The first lines of main (SECURITY S8): no core dumps, a strict umask, a data folder that is
//! ours alone, and one bot at a time on a data folder and on a database file.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit};
use tokio::signal::unix::SignalKind;

use crate::private_file;

/// What could not be hardened. The first is a warning to log, the rest stop the start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HardeningError {
    /// The system refused to switch core dumps off.
    #[error(
        "Core dumps could not be switched off ({0}), so a crash may write secrets to disk: forbid them on the host."
    )]
    CoreDumps(String),
    /// The data folder cannot be made or looked at.
    #[error(
        "The data folder {0} cannot be used ({1}): create it for this user, or name another with --data."
    )]
    Folder(String, String),
    /// The data folder is somebody else's or open to others.
    #[error(
        "The data folder {0} can be changed by others: make it yours with chown and chmod 700, or name another with --data."
    )]
    Shared(String),
    /// Another process holds the lock.
    #[error(
        "Another keylapse uses this data folder ({0}). Stop it, or give this one another with --data."
    )]
    InUse(String),
    /// Another process watches with the same database file, from another data folder.
    #[error(
        "Another keylapse watches with this database ({0}): two bots would warn twice. Stop it, or name another file in [database] url."
    )]
    DatabaseInUse(String),
    /// There is no room or no right for a lock.
    #[error(
        "The lock file {0} cannot be made ({1}): see that its folder is there and writable for this user."
    )]
    Lock(String, String),
}

/// Switches core dumps off and lets new files be ours alone. Call before anything else, while
/// there is one thread: the umask belongs to the whole process.
pub fn harden_process() -> Result<(), HardeningError> {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let failed =
        |error: rustix::io::Errno| HardeningError::CoreDumps(private_file::reason(&error.into()));
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = rustix::process::setrlimit(Resource::Core, none).map_err(failed);
    // Also when the limit failed: a dump that goes to a pipe heeds only this.
    undumpable().map_err(failed)?;
    limited
}

#[cfg(target_os = "linux")]
fn undumpable() -> rustix::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(not(target_os = "linux"))]
fn undumpable() -> rustix::io::Result<()> {
    Ok(())
}

/// Makes the data folder (mode 0700) where it is missing and refuses one that others can change.
pub fn prepare_data_dir(dir: &Path) -> Result<(), HardeningError> {
    let name = || dir.display().to_string();
    let failed = |error| HardeningError::Folder(name(), private_file::reason(&error));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    let meta = std::fs::metadata(dir).map_err(failed)?;
    let ours = meta.uid() == 0 || meta.uid() == private_file::this_user();
    if !ours || meta.mode() & 0o022 != 0 {
        return Err(HardeningError::Shared(name()));
    }
    Ok(())
}

/// Lets a write beyond the limit on file sizes (`ulimit -f`) fail like one to a full disk, instead
/// of ending the process half-way. Call inside the runtime; holds until the process ends.
pub fn survive_file_limit() {
    let beyond = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // Where the signal cannot be caught the system ends us, as it would have.
    let _ = tokio::signal::unix::signal(beyond);
}

/// The right to use a data folder; given back when dropped, also by a crash.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
    path: PathBuf,
}

/// The right to watch with a SQLite file, wherever the data folder is; given back when dropped. A
/// file beside the database, because on some systems a lock on the database itself is SQLite's.
#[derive(Debug)]
pub struct DatabaseLock {
    _file: File,
}

impl DatabaseLock {
    /// Takes the lock of the database at `path`, which need not exist yet. Never waits.
    pub fn take(path: &Path) -> Result<Self, HardeningError> {
        let lock = lock_beside(path);
        let failed = |error: std::io::Error| {
            HardeningError::Lock(lock.display().to_string(), private_file::reason(&error))
        };
        match lock_file(&lock).map_err(failed)? {
            Some(file) => Ok(Self { _file: file }),
            None => Err(HardeningError::DatabaseInUse(path.display().to_string())),
        }
    }
}

/// The lock's path under the database's true name, so that a link to it is the same database.
fn lock_beside(path: &Path) -> PathBuf {
    let folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    let known = path.canonicalize().ok().or_else(folder);
    let mut name = known.unwrap_or_else(|| path.to_owned()).into_os_string();
    name.push(".lock");
    name.into()
}

/// Opens and locks a file; `None` when another process holds it.
fn lock_file(path: &Path) -> std::io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl DataLock {
    /// Takes the lock of a prepared data folder or says who is in the way. Never waits.
    pub fn take(dir: &Path) -> Result<Self, HardeningError> {
        let path = dir.join("lock");
        let failed =
            |error| HardeningError::Folder(dir.display().to_string(), private_file::reason(&error));
        match lock_file(&path).map_err(failed)? {
            Some(file) => Ok(Self { _file: file, path }),
            None => Err(HardeningError::InUse(dir.display().to_string())),
        }
    }

    /// The locked file. It stays when the lock is given back.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_process_cannot_dump_its_memory() {
        // The umask is the whole test process's; other tests set their modes themselves.
        assert_eq!(harden_process(), Ok(()));
        assert_eq!(rustix::process::getrlimit(Resource::Core).current, Some(0));
        #[cfg(target_os = "linux")]
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    }

    #[test]
    fn a_data_folder_is_private_and_a_shared_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b/keylapse");
        prepare_data_dir(&data).unwrap();
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        prepare_data_dir(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o770)).unwrap();
        let shared = HardeningError::Shared(data.display().to_string());
        assert_eq!(prepare_data_dir(&data), Err(shared));
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let said = prepare_data_dir(&file).unwrap_err().to_string();
        assert!(said.contains("cannot be used (file exists)"), "{said}");
    }

    #[test]
    fn one_keylapse_at_a_time_uses_a_data_folder() {
        let dir = tempfile::tempdir().unwrap();
        let held = DataLock::take(dir.path()).unwrap();
        assert_eq!(
            DataLock::take(dir.path()).unwrap_err().to_string(),
            format!(
                "Another keylapse uses this data folder ({}). Stop it, or give this one another with --data.",
                dir.path().display()
            )
        );
        assert!(held.path().is_file());
        drop(held);
        DataLock::take(dir.path()).unwrap();
    }

    #[test]
    fn a_database_has_one_lock_under_all_its_names() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a.db"), dir.path().join("b.db"));
        let held = DatabaseLock::take(&file).unwrap();
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for name in [&file, &link] {
            let said = DatabaseLock::take(name).unwrap_err();
            assert_eq!(said, HardeningError::DatabaseInUse(name.display().to_string()));
        }
        drop(held);
        DatabaseLock::take(&link).unwrap();
        let missing = DatabaseLock::take(&dir.path().join("none/a.db")).unwrap_err().to_string();
        assert!(missing.contains("see that its folder is there"), "{missing}");
    }
}

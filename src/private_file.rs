//! Files that may hold secrets, judged on the handle that is then read, so that nothing can be
//! exchanged in between (SECURITY S5). The vault's key file and configuration files with secrets
//! come in through here.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

/// Where files that others can read are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Accept them everywhere: somebody wrote `allow_readable = true`.
    pub everywhere: bool,
    /// Folders whose files a service manager hands out.
    pub folders: Vec<PathBuf>,
}

impl Trust {
    /// `/run/secrets` and, when set, `$CREDENTIALS_DIRECTORY`.
    pub fn new(credentials_directory: Option<&str>, everywhere: bool) -> Self {
        let mut folders = vec![PathBuf::from("/run/secrets")];
        folders.extend(
            credentials_directory
                .map(PathBuf::from)
                .filter(|folder| folder.is_absolute() && folder.parent().is_some()),
        );
        Self { everywhere, folders }
    }

    /// Whether a file at `path` may be readable by others.
    pub fn covers(&self, path: &Path) -> bool {
        let plain = path.components().all(|part| part != Component::ParentDir);
        self.everywhere || plain && self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

/// What the system says about an opened file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Whose it is.
    pub owner: u32,
    /// The permission bits.
    pub mode: u32,
}

/// Why a file cannot be used. The sentences begin with the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// There is none.
    #[error("{0} does not exist: create it, or name another file.")]
    Missing(String),
    /// It cannot be opened or read.
    #[error("{0} cannot be read ({1}): give this user the right to read it.")]
    Unreadable(String, String),
    /// A folder, a device, a pipe.
    #[error("{0} is {1}, not a regular file: name a file.")]
    NotAFile(String, &'static str),
    /// Larger than anything sensible.
    #[error("{0} is larger than {1} bytes: this is not the file that is meant.")]
    TooLarge(String, u64),
    /// Somebody else's.
    #[error("{0} belongs to another user (id {1}): make it yours with chown, or root's.")]
    Owner(String, u32),
    /// Others can change it.
    #[error("{0} can be changed by others (mode {1:03o}): run chmod 600 on it.")]
    Writable(String, u32),
    /// Others can read it.
    #[error(
        "{0} can be read by others (mode {1:03o}): run chmod 600 on it, or set [vault] allow_readable = true if that is on purpose."
    )]
    Readable(String, u32),
}

/// A file that was opened, measured and read once.
pub struct Opened {
    /// Its bytes, wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What the handle said.
    pub stat: Stat,
}

/// Opens and reads a file of at most `cap` bytes without judging its permissions.
pub fn read(path: &Path, cap: u64) -> Result<Opened, FileFault> {
    let name = path.display().to_string();
    // Without NONBLOCK a pipe in the file's place would hold us for ever.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(handle) => File::from(handle),
        Err(rustix::io::Errno::NOENT) => return Err(FileFault::Missing(name)),
        Err(error) => return Err(FileFault::Unreadable(name, reason(&error.into()))),
    };
    let unreadable = |error| FileFault::Unreadable(name.clone(), reason(&error));
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        let what = if meta.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(FileFault::NotAFile(name, what));
    }
    if meta.len() > cap {
        return Err(FileFault::TooLarge(name, cap));
    }
    let size = usize::try_from(meta.len()).unwrap_or_default();
    // With room to spare: growing would leave an unwiped copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 64));
    (&file).take(cap + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > cap {
        return Err(FileFault::TooLarge(name, cap));
    }
    Ok(Opened { bytes, stat: Stat { owner: meta.uid(), mode: meta.mode() & 0o777 } })
}

/// Whether a file of secrets may look like this: ours or root's, changed by nobody else, read by
/// nobody else unless trusted.
pub fn judge(path: &Path, stat: Stat, us: u32, trust: &Trust) -> Result<(), FileFault> {
    let name = || path.display().to_string();
    if stat.owner != 0 && stat.owner != us {
        return Err(FileFault::Owner(name(), stat.owner));
    }
    if stat.mode & 0o022 != 0 {
        return Err(FileFault::Writable(name(), stat.mode));
    }
    if stat.mode & 0o044 != 0 && !trust.covers(path) {
        return Err(FileFault::Readable(name(), stat.mode));
    }
    Ok(())
}

/// Reads a file of secrets and refuses it when others had their hands on it.
pub fn read_secret(path: &Path, cap: u64, trust: &Trust) -> Result<Zeroizing<Vec<u8>>, FileFault> {
    let opened = read(path, cap)?;
    judge(path, opened.stat, this_user(), trust)?;
    Ok(opened.bytes)
}

/// Who we are to the file system.
pub fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The system's reason without its number.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn permissions_decide_on_owner_writers_and_readers() {
        let (us, home, run) = (1000, "/home/me/k", "/run/secrets/k");
        let table = [
            (home, 1000, 0o600, "ok"),
            (home, 1000, 0o400, "ok"),
            (home, 0, 0o600, "ok"),
            (home, 1001, 0o600, "owner"),
            (run, 1001, 0o600, "owner"),
            (home, 1000, 0o620, "writable"),
            (home, 1000, 0o602, "writable"),
            (run, 0, 0o666, "writable"),
            ("/allowed/k", 0, 0o646, "writable"),
            (home, 1000, 0o640, "readable"),
            (home, 0, 0o444, "readable"),
            (run, 0, 0o444, "ok"),
            (run, 1000, 0o440, "ok"),
            ("/run/secrets-of-others/k", 0, 0o444, "readable"),
            ("/run/secrets/../../tmp/k", 0, 0o444, "readable"),
            ("/run/credentials/keylapse/k", 0, 0o440, "ok"),
            ("run/secrets/k", 0, 0o444, "readable"),
        ];
        let trust = Trust::new(Some("/run/credentials/keylapse"), false);
        for (path, owner, mode, expected) in table {
            let got = match judge(Path::new(path), Stat { owner, mode }, us, &trust) {
                Ok(()) => "ok",
                Err(FileFault::Owner(..)) => "owner",
                Err(FileFault::Writable(..)) => "writable",
                Err(FileFault::Readable(..)) => "readable",
                Err(other) => panic!("{other}"),
            };
            assert_eq!(got, expected, "{path} {owner} {mode:o}");
        }
        let open = Trust::new(None, true);
        assert!(judge(Path::new(home), Stat { owner: 0, mode: 0o644 }, us, &open).is_ok());
        assert!(judge(Path::new(home), Stat { owner: 0, mode: 0o664 }, us, &open).is_err());
        assert_eq!(Trust::new(Some("/"), false).folders.len(), 1);
        assert_eq!(Trust::new(Some("relative"), false).folders.len(), 1);
    }

    #[test]
    fn only_small_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let said = |path: &Path| read(path, 10).map(|_| ()).unwrap_err().to_string();
        assert!(said(&path).ends_with("does not exist: create it, or name another file."));
        assert!(said(dir.path()).ends_with("is a folder, not a regular file: name a file."));
        assert!(said(Path::new("/dev/null")).contains("is a device or pipe"));
        std::fs::write(&path, [b'x'; 11]).unwrap();
        assert!(said(&path).contains("is larger than 10 bytes"));
        std::fs::write(&path, [b'x'; 10]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read(&path, 10).ok().unwrap().stat, Stat { owner: this_user(), mode: 0o640 });
        let refused = read_secret(&path, 10, &Trust::new(None, false)).unwrap_err().to_string();
        assert!(refused.contains("can be read by others (mode 640)"), "{refused}");
    }
}

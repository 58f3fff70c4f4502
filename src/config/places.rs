//! Where the settings file and the data folder are, and how the file is read. What the computer
//! knows about itself comes in as [`Host`], so that reading settings asks nobody.

use std::path::{Path, PathBuf};

use toml::Table;

use super::problem::Problems;
use super::source::Origin;
use crate::private_file::{self, FileFault, Stat, Trust};

/// The name of the settings file in the data folder.
pub const FILE_NAME: &str = "keylapse.toml";
/// The largest settings file.
const CAP: u64 = 1024 * 1024;

/// The flags that every subcommand has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--data FOLDER`.
    pub data: Option<PathBuf>,
}

/// What the computer says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The data folder when nobody names one.
    pub data_dir: Option<PathBuf>,
    /// The name of its time zone.
    pub zone: Option<String>,
}

impl Host {
    /// Asks the computer.
    pub fn detect() -> Self {
        let state = dirs::state_dir().or_else(dirs::data_local_dir);
        Self {
            data_dir: state.map(|dir| dir.join("keylapse")),
            zone: iana_time_zone::get_timezone().ok(),
        }
    }
}

/// The variables that [`load`](super::load) looks at. Bytes that are not UTF-8 become U+FFFD
/// instead of stopping the program.
pub fn environment() -> Vec<(String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .filter(|(name, _)| name.starts_with("KEYLAPSE_") || name == "CREDENTIALS_DIRECTORY")
        .collect()
}

/// The data folder: `--data`, else the one of a file named with `--config`, else the computer's.
/// `None` when nobody knows one.
pub fn data_dir(
    flag: Option<&Path>,
    configured: Option<PathBuf>,
    host: Option<&Path>,
) -> Option<(PathBuf, Origin)> {
    flag.map(|dir| (absolute(dir), Origin::Flag))
        .or(configured.map(|dir| (dir, Origin::File)))
        .or(host.map(|dir| (absolute(dir), Origin::Default)))
}

/// A path from the settings; relative ones start in `folder`.
pub(super) fn resolve(path: &str, folder: &Path) -> PathBuf {
    folder.join(path)
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    // Fails only where the current folder is gone; the path is then used as it is.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A settings file as it was found.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) table: Table,
    pub(super) stat: Stat,
}

/// Reads the file that `--config` names, or the one in the data folder when there is one.
pub(super) fn read_file(flags: &Flags, host: &Host, problems: &mut Problems) -> Option<Found> {
    let (path, explicit) = if let Some(path) = &flags.config {
        (absolute(path), true)
    } else {
        let (dir, _) = data_dir(flags.data.as_deref(), None, host.data_dir.as_deref())?;
        (dir.join(FILE_NAME), false)
    };
    let opened = match private_file::read(&path, CAP) {
        Ok(opened) => opened,
        Err(FileFault::Missing(_)) if !explicit => return None,
        Err(_) if !explicit && path.parent().is_some_and(Path::is_file) => {
            let folder = path.parent().unwrap_or(&path).display();
            problems.add("Data folder", format!("{folder} is a file: name a folder with --data."));
            return None;
        }
        Err(fault) => {
            problems.add("Settings file", fault.to_string());
            return None;
        }
    };
    let place = path.display().to_string();
    // Who can write here can send the keys elsewhere; who can read it learns nothing secret yet.
    let readable = Trust { everywhere: true, ..Trust::default() };
    if let Err(fault) =
        private_file::judge(&path, opened.stat, private_file::this_user(), &readable)
    {
        problems.add("Settings file", fault.to_string());
    }
    let Ok(text) = std::str::from_utf8(&opened.bytes) else {
        problems.add(place, "the file is not UTF-8 text: save it as UTF-8.");
        return None;
    };
    match text.trim_start_matches('\u{feff}').parse::<Table>() {
        Ok(table) => Some(Found { path, table, stat: opened.stat }),
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let what = "this is not TOML: write FIELD = VALUE below a [section], texts in quotes.";
            problems.add(format!("{place} line {line}"), what);
            None
        }
    }
}

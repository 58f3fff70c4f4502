//! The folder of the operator's own FAQ entries: which files count, how large they may be, and
//! that none of them leads out of the folder. What stands in them is `knowledge`'s business.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::config::Config;
use crate::knowledge::{Knowledge, Mistake, Source};
use crate::private_file::{self, FileFault, Trust};

/// The longest file, in bytes.
const LONGEST: u64 = 64 * 1024;
/// Mistakes that are told at once.
const MOST_TOLD: usize = 20;
/// More files are a mistake.
const MOST: usize = 2_000;

/// The answers: those compiled in, with the operator's own among them. Every mistake in one of
/// these is told, a line each.
pub fn knowledge(config: &Config) -> Result<Knowledge, Failure> {
    let Some(dir) = &config.knowledge else { return Ok(Knowledge::embedded()) };
    read(dir).and_then(|sources| Knowledge::with(&sources)).map_err(|mistakes| {
        let lines: Vec<String> =
            mistakes.iter().take(MOST_TOLD).map(|mistake| format!("  {mistake}")).collect();
        let more = mistakes.len().saturating_sub(MOST_TOLD);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let dir = dir.display();
        Failure::Refused(format!(
            "The FAQ entries in {dir} cannot be used; mend these or take [knowledge] dir out:\n{}{more}",
            lines.join("\n")
        ))
    })
}

/// Every `.md` file of the folder, by name; other files and folders are left alone.
fn read(dir: &Path) -> Result<Vec<Source>, Vec<Mistake>> {
    let whole = |what: String| vec![Mistake { file: dir.display().to_string(), line: 0, what }];
    let cannot = |error: &std::io::Error| whole(format!("it cannot be read: {error}"));
    let home = dir.canonicalize().map_err(|error| cannot(&error))?;
    if is_open_to_others(&home).map_err(|error| cannot(&error))? {
        return Err(whole(
            "others can put files into it: make it yours, and chmod go-w".to_owned(),
        ));
    }
    let mut names: Vec<PathBuf> = Vec::new();
    for item in std::fs::read_dir(&home).map_err(|error| cannot(&error))? {
        let path = item.map_err(|error| cannot(&error))?.path();
        if path.extension().is_some_and(|end| end == "md") {
            names.push(path);
        }
    }
    if names.len() > MOST {
        return Err(whole(format!("{} entries are too many: at most {MOST}", names.len())));
    }
    names.sort();
    let (mut sources, mut mistakes) = (Vec::new(), Vec::new());
    for path in names {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match text(&home, &path) {
            Ok(text) => sources.push(Source { file, text }),
            Err(what) => mistakes.push(Mistake { file, line: 1, what }),
        }
    }
    if mistakes.is_empty() { Ok(sources) } else { Err(mistakes) }
}

/// What stands in a file that lies in the folder itself, and that nobody else can change.
fn text(home: &Path, path: &Path) -> Result<String, String> {
    let real = path.canonicalize().map_err(|error| format!("it cannot be read: {error}"))?;
    if real.parent() != Some(home) {
        return Err("it is a link out of the folder".to_owned());
    }
    // A pipe or a device would hold us for ever; this way of opening does not wait for one.
    let opened = private_file::read(&real, LONGEST).map_err(|fault| why(&fault))?;
    let readable = Trust { everywhere: true, ..Trust::default() };
    private_file::judge(&real, opened.stat, private_file::this_user(), &readable)
        .map_err(|fault| why(&fault))?;
    String::from_utf8(opened.bytes.to_vec()).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Why a file cannot be used, without its path: the line begins with its name.
fn why(fault: &FileFault) -> String {
    match fault {
        FileFault::Missing(_) => "it is gone".to_owned(),
        FileFault::Unreadable(_, reason) => format!("it cannot be read: {reason}"),
        FileFault::NotAFile(_, what) => format!("it is {what}, not a file"),
        FileFault::TooLarge(..) => "it is longer than 64 KiB".to_owned(),
        FileFault::Owner(..) => "it belongs to another user".to_owned(),
        FileFault::Writable(_, mode) | FileFault::Readable(_, mode) => {
            format!("others can change it (mode {mode:03o}): chmod go-w")
        }
    }
}

/// Whoever can put files into the folder answers for the bot.
fn is_open_to_others(home: &Path) -> std::io::Result<bool> {
    let stat = home.metadata()?;
    let is_ours = [0, private_file::this_user()].contains(&stat.uid());
    Ok(!is_ours || stat.mode() & 0o022 != 0)
}

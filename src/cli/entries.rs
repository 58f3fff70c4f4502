//! The folder of the operator's own FAQ entries: which files count, how large they may be, and
//! that none of them leads out of the folder. What stands in them is `knowledge`'s business.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::config::Config;
use crate::knowledge::{Knowledge, Mistake, Source};

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

/// What stands in a file that lies in the folder itself.
fn text(home: &Path, path: &Path) -> Result<String, String> {
    let broken = |error: std::io::Error| format!("it cannot be read: {error}");
    let real = path.canonicalize().map_err(broken)?;
    if real.parent() != Some(home) {
        return Err("it is a link out of the folder".to_owned());
    }
    let file = std::fs::File::open(&real).map_err(broken)?;
    if !file.metadata().map_err(broken)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 > LONGEST {
        return Err("it is longer than 64 KiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

//! `keylapse fit`: makes the weights of the look-up from the lessons, for those who work on keylapse.
//! `--check` makes nothing and says whether the weights in this program are those that the lessons teach.

use std::path::{Path, PathBuf};

use clap::Args;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use crate::knowledge::{Knowledge, Lesson, WEIGHTS, fit};

/// Where lessons are read and weights are written.
#[derive(Args, Clone, Debug)]
pub struct FitArgs {
    /// The folder of lessons: one file a topic, one text a line
    #[arg(long, default_value = "src/knowledge/lessons")]
    lessons: PathBuf,
    /// The file of weights
    #[arg(long, default_value = "src/knowledge/weights.bin")]
    out: PathBuf,
    /// Only compare with the weights in this program
    #[arg(long)]
    check: bool,
}

/// Runs the subcommand.
pub fn run(args: &FitArgs, terminal: &mut Terminal) -> Result<(), Failure> {
    let lessons = read(&args.lessons)?;
    let weights = fit(&lessons);
    let count = format!("{} lessons, {} bytes of weights", lessons.len(), weights.len());
    if args.check {
        if weights != WEIGHTS {
            let sentence = "not the weights in this program; run keylapse fit and build again.";
            return Err(Failure::Failed(format!("{count}: {sentence}")));
        }
        return terminal.say(format!("{count}: those in this program."));
    }
    std::fs::write(&args.out, weights)
        .map_err(|error| Failure::Failed(format!("{}: {error}.", args.out.display())))?;
    terminal.say(format!("{count}, written to {}; build again to use them.", args.out.display()))
}

/// The lessons of a folder, and what the entries themselves say of their topics.
fn read(folder: &Path) -> Result<Vec<Lesson>, Failure> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::Refused(format!("{}: {error}.", path.display()))
    };
    let mut lessons = Vec::new();
    for file in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = file.map_err(|error| unreadable(folder, error))?.path();
        let Some(topic) = path.file_stem().and_then(|stem| stem.to_str()) else {
            return refused(format!("{}: not the name of a topic.", path.display()));
        };
        let texts = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        let lesson =
            |text: &str| Lesson { topic: topic.to_owned(), text: text.replace("\\n", "\n") };
        lessons.extend(texts.lines().map(lesson));
    }
    for entry in Knowledge::embedded().entries() {
        let topic = entry.id.as_str();
        let texts = entry.aliases.iter().chain([&entry.title]);
        lessons.extend(texts.map(|text| Lesson { topic: topic.to_owned(), text: text.clone() }));
    }
    // The order of a folder is not the same everywhere.
    lessons.sort();
    Ok(lessons)
}

//! `keylapse demo`: the whole bot with nothing but embedded parts. The ledger lives in memory, the
//! exchange is pretended on loopback, time runs fast. Nothing of the host is read or changed.

mod cast;
pub mod play;
pub mod stage;

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use self::play::{Play, ScriptError};
use self::stage::{Setting, Stage};
use crate::chat::console::input::{self, Input};
use crate::chat::console::screen::Screen;
use crate::cli::failure::Failure;
use crate::ids::Ids;
use crate::store::Store;

/// How the demo is asked for.
#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    /// How long a day takes where a person watches
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = play::real_time)]
    day: Duration,
    /// Play these lines instead of listening: commands, `advance 3d`, `# remarks`
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

impl From<DemoArgs> for Options {
    fn from(args: DemoArgs) -> Self {
        Self { day: args.day, script: args.script }
    }
}

/// What the demo is asked to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a day takes where a person watches.
    pub day: Duration,
    /// A script to play instead of listening.
    pub script: Option<PathBuf>,
}

/// What happens when nobody says what should.
const STORY: &str = include_str!("story.txt");

const BEFORE: &str = "\
Nothing here is real.
A pretended KuCoin on this machine, six made-up keys, a clock that runs fast.";

const AFTER: &str = "\
That was the demo; nothing was saved.
Next: `keylapse key add` with a key of yours, then `keylapse run --console`.";

/// A longer script is no script.
const LONGEST_SCRIPT: u64 = 1024 * 1024;

/// Why the demo did not run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The script cannot be read.
    #[error("The script {path} cannot be read ({reason}). Name a readable text file.")]
    File {
        /// Which.
        path: String,
        /// Why.
        reason: io::ErrorKind,
    },
    /// A line of the script means nothing.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// Something of the machine failed.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::File { .. } | DemoError::Script(_) => Self::Refused(error.to_string()),
            DemoError::Other(error) => Self::unexpected(&*error),
        }
    }
}

/// Runs the demo: for a person at a terminal, or from a script, a pipe, or its own story.
pub async fn run(options: Options) -> Result<(), DemoError> {
    if let Some(path) = &options.script {
        let text = read_script(path)?;
        return play_text(&text).await;
    }
    if !io::stdin().is_terminal() {
        let mut text = String::new();
        let mut reader = io::stdin().lock();
        while let Some(line) = input::bounded_line(&mut reader) {
            text.push_str(&line);
            text.push('\n');
        }
        let text = if text.trim().is_empty() { STORY.to_owned() } else { text };
        return play_text(&text).await;
    }
    watch(options.day).await
}

fn read_script(path: &PathBuf) -> Result<String, DemoError> {
    let fault = |error: &io::Error| DemoError::File {
        path: path.display().to_string(),
        reason: error.kind(),
    };
    let file = std::fs::File::open(path).map_err(|error| fault(&error))?;
    let mut bytes = Vec::new();
    let mut reader = io::Read::take(io::BufReader::new(file), LONGEST_SCRIPT);
    reader.fill_buf().map_err(|error| fault(&error))?;
    io::Read::read_to_end(&mut reader, &mut bytes).map_err(|error| fault(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Plays a script without waiting; the same script prints the same text, every time.
async fn play_text(text: &str) -> Result<(), DemoError> {
    let steps = play::parse(text)?;
    let play = begin(Screen::new(input::plain_print())).await?;
    for step in &steps {
        play.step(step).await?;
    }
    Ok(play.end(AFTER).await?)
}

/// Lets a person watch and talk; time waits while a line is being typed.
async fn watch(day: Duration) -> Result<(), DemoError> {
    let Input { mut lines, print, width, typing } =
        input::typed("> ", None).map_err(anyhow::Error::from)?;
    let play = begin(Screen::as_wide_as(print, width)).await?;
    play.say(
        "Six keys, and ten days in which things happen to them. Try /keystatus, /alerts, /help, a number \
         from a message, or `advance 1d`; `quit` leaves.",
    )?;
    let mut tick = tokio::time::interval(TICK);
    let per_tick = TICK.as_secs_f64() / day.as_secs_f64().max(0.001) * 86_400.0;
    #[expect(clippy::cast_possible_truncation, reason = "at most 50 days a tick")]
    let per_tick = TimeDelta::milliseconds((per_tick * 1000.0) as i64);
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => match play::Step::parse(&line) {
                    Ok(step) => {
                        if !play.step(&step).await? {
                            break;
                        }
                    }
                    Err(problem) => play.say(&problem)?,
                },
                None => break,
            },
            _ = tick.tick() => {
                if !typing.load(Ordering::Relaxed) {
                    play.pass(per_tick).await;
                }
            }
        }
    }
    Ok(play.end(AFTER).await?)
}

const TICK: Duration = Duration::from_millis(50);

async fn begin(screen: Screen) -> anyhow::Result<Play> {
    let ids = Arc::new(Ids::seeded());
    let store = Store::in_memory(ids.clone()).await?;
    let setting = Setting {
        start: start(),
        zone: Tz::UTC,
        receivers: vec!["terminal"],
        // Half as often as a real bot, so that a piped story takes half as long.
        check: "every 10 min",
        mark: Some("DEMO"),
    };
    let stage = Stage::set(setting, store, ids).await?;
    let play = Play::begin(stage, screen);
    // The loops have had their first look at an empty stage: what is put there next is seen at
    // once, however fast this computer is.
    play.stage().clock.settle().await;
    play.say(BEFORE)?;
    cast::enter(play.stage()).await?;
    play.wake().await;
    Ok(play)
}

/// A Monday morning, the same for every demo, so that two runs print the same.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_799_053_200, 0).unwrap_or_default()
}

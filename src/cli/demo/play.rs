//! A demo under way: the bot on its stage, a terminal in front of it, and steps that are typed or
//! read from a script.

use std::sync::Arc;

use chrono::TimeDelta;

use super::stage::Stage;
use crate::app::App;
use crate::chat::console::Console;
use crate::chat::console::screen::Screen;
use crate::chat::console::talk::{Next, Talk};
use crate::cli::counter;
use crate::commands::HostNote;
use crate::domain::leak::Pasted;
use crate::domain::text::Clean;

/// One line of a script, or one that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Empty,
    /// A remark for the reader.
    Remark(String),
    /// Time passes.
    Advance(TimeDelta),
    /// Something said to the bot.
    Say(String),
}

/// Which line of a script means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Line {line} of the script: {problem}")]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub problem: String,
}

/// More time than this in one step is a slip of the finger.
const LONGEST_STEP: TimeDelta = TimeDelta::days(400);

impl Step {
    /// Reads one line.
    pub fn parse(line: &str) -> Result<Self, String> {
        let line = line.trim();
        if line.is_empty() {
            return Ok(Self::Empty);
        }
        if let Some(remark) = line.strip_prefix('#') {
            return Ok(Self::Remark(remark.trim().to_owned()));
        }
        let Some(time) = line.strip_prefix("advance") else {
            return Ok(Self::Say(line.to_owned()));
        };
        let wrong = "after `advance` comes a time such as 30m, 2h, 3d or 1d12h, at most 400d.";
        duration(time.trim())
            .filter(|t| *t <= LONGEST_STEP)
            .map(Self::Advance)
            .ok_or_else(|| wrong.to_owned())
    }
}

/// Reads a whole script, or names its first bad line.
pub fn parse(text: &str) -> Result<Vec<Step>, ScriptError> {
    let numbered = text.lines().enumerate();
    numbered
        .map(|(n, line)| Step::parse(line).map_err(|problem| ScriptError { line: n + 1, problem }))
        .collect()
}

/// `1d12h` and the like.
fn duration(text: &str) -> Option<TimeDelta> {
    let (mut total, mut digits) = (TimeDelta::zero(), String::new());
    for c in text.chars() {
        if c.is_ascii_digit() && digits.len() < 6 {
            digits.push(c);
            continue;
        }
        let n: i64 = std::mem::take(&mut digits).parse().ok()?;
        total += match c {
            's' => TimeDelta::seconds(n),
            'm' => TimeDelta::minutes(n),
            'h' => TimeDelta::hours(n),
            'd' => TimeDelta::days(n),
            _ => return None,
        };
    }
    (digits.is_empty() && total > TimeDelta::zero()).then_some(total)
}

/// A time on the command line: `5s`, `500ms`, `2m`.
pub fn real_time(text: &str) -> Result<std::time::Duration, String> {
    let milliseconds = text.strip_suffix("ms").and_then(|n| n.parse().ok());
    let time = match milliseconds {
        Some(n) => Some(std::time::Duration::from_millis(n)),
        None => duration(text).and_then(|time| time.to_std().ok()),
    };
    time.filter(|time| !time.is_zero()).ok_or_else(|| "write a time such as 5s or 2m".to_owned())
}

/// A demo under way.
pub struct Play {
    stage: Stage,
    app: App,
    screen: Arc<Screen>,
    talk: Talk,
}

impl Play {
    /// Starts the bot in front of a terminal.
    pub fn begin(stage: Stage, screen: Screen) -> Self {
        let screen = Arc::new(screen);
        let console = Console::new([("terminal".to_owned(), screen.clone())]);
        let app = stage.start(Arc::new(console));
        let host = HostNote {
            operator: Some(Clean::new("you, for a demo", 64)),
            test_endpoint: true,
            endpoints: vec![stage.simulator.base_url()],
            named_in: None,
            is_open: false,
            demo: true,
        };
        let tools = counter::tools(
            &app,
            counter::Given {
                store: stage.store.clone(),
                vault: stage.vault.clone(),
                ids: stage.ids.clone(),
                policy: stage.policy.clone(),
                host,
            },
        );
        let clock = Arc::new(stage.clock.clone());
        let counter = Arc::new(crate::commands::Counter::new(tools));
        let at_desk = (counter, stage.desk.clone());
        let talk = Talk::new(screen.clone(), at_desk, clock, ("operator", "terminal"));
        Self { stage, app, screen, talk }
    }

    /// The stage, to put keys on it.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Prints a line of the program itself.
    pub fn say(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.screen.note(text)?)
    }

    /// Lets the bot see what was put on the stage.
    pub async fn wake(&self) {
        self.app.wake_checks.ring();
        self.app.wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// Lets time pass.
    pub async fn pass(&self, time: TimeDelta) {
        self.stage.clock.advance(time).await;
        self.stage.clock.settle().await;
    }

    /// Does one step and waits until everything it caused is done. `false` when the person left.
    pub async fn step(&self, step: &Step) -> anyhow::Result<bool> {
        match step {
            Step::Empty => {}
            Step::Remark(remark) => self.say(&format!("\n# {remark}"))?,
            Step::Advance(time) => self.pass(*time).await,
            Step::Say(line) => {
                let shown = match Pasted::of(line) {
                    Pasted::Nothing => Clean::new(line, 200),
                    Pasted::Perhaps | Pasted::Certain => Clean::new("(not shown)", 200),
                };
                self.say(&format!("\n> {shown}"))?;
                let next = self.talk.hear(line).await?;
                self.stage.clock.settle().await;
                return Ok(next == Next::Listen);
            }
        }
        Ok(true)
    }

    /// Stops the bot and says what to do next.
    pub async fn end(self, last_words: &str) -> anyhow::Result<()> {
        self.app.stop().await;
        self.stage.simulator.shutdown().await;
        self.stage.store.close().await;
        Ok(self.screen.note(&format!("\n{last_words}"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_line_by_line() {
        let steps = parse("# hello\n\nadvance 1d12h\n/keystatus\n2\n").unwrap();
        assert_eq!(
            steps,
            [
                Step::Remark("hello".to_owned()),
                Step::Empty,
                Step::Advance(TimeDelta::hours(36)),
                Step::Say("/keystatus".to_owned()),
                Step::Say("2".to_owned()),
            ]
        );
    }

    #[test]
    fn a_bad_line_is_named_before_anything_is_played() {
        for bad in [
            "advance",
            "advance soon",
            "advance 3",
            "advance 401d",
            "advance -1d",
            "advance 9999999d",
        ] {
            let error = parse(&format!("/alerts\n{bad}\n")).unwrap_err();
            assert!(
                error.to_string().starts_with("Line 2 of the script: after `advance`"),
                "{bad}"
            );
        }
    }
}

//! Ctrl-C while something is asked: the terminal shows again what is typed, and one sentence says
//! that nothing is lost. Only for questions; whoever waits for a chat is stopped in order.

use std::io;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

/// What is said where somebody stops.
pub const STOPPED: &str = "Stopped. What was done is kept: run keylapse setup again to go on.";
/// The exit code of what Ctrl-C ended, as shells count it.
const CODE: i32 = 130;

/// Watches for Ctrl-C until dropped.
pub struct Interrupt(JoinHandle<()>);

impl Interrupt {
    /// Begins to watch; the terminal's ways of now are those that come back.
    pub fn watch() -> Self {
        let usual = tcgetattr(io::stdin()).ok();
        // Heard from here on, not from when the task first runs.
        let interrupt = signal(SignalKind::interrupt());
        Self(tokio::spawn(async move {
            // Without a handler the system stops us as it always does.
            let Ok(mut interrupt) = interrupt else { return };
            interrupt.recv().await;
            if let Some(usual) = usual {
                // Where that fails the terminal is gone.
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, &usual);
            }
            eprintln!("\n{STOPPED}");
            std::process::exit(CODE);
        }))
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.abort();
    }
}

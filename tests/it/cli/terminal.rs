//! A person at a terminal of their own: reads what the program prints, types, presses Ctrl-C. The
//! program sits on a real pseudo-terminal, so that hidden input is really hidden or seen here.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use pty_process::blocking::{Command, Pty, open};
use rustix::termios::{LocalModes, tcgetattr};
use tokio::sync::watch;

use super::{Host, program};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal with the program in it.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    screen: watch::Receiver<String>,
    /// How far it was read.
    at: usize,
}

impl Terminal {
    /// Starts the program in a terminal, with these settings in its environment.
    pub fn start(host: &Host, args: &[&str], environment: &[(&str, String)]) -> Self {
        // Wide: a line that is waited for must not be broken.
        Self::as_wide_as(400, host, args, environment)
    }

    /// The same in a terminal of so many columns.
    pub fn as_wide_as(
        columns: u16,
        host: &Host,
        args: &[&str],
        environment: &[(&str, String)],
    ) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(50, columns)).unwrap();
        let command = Command::new(program()).env_clear().env("HOME", host.dir.path());
        let command = command.arg("--data").arg(host.data()).args(args);
        let command = command.envs(environment.iter().map(|(name, value)| (*name, value)));
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let (printed, screen) = watch::channel(String::new());
        let reading = pty.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Linux ends a terminal that nobody has open any more with an error.
            while let Ok(read @ 1..) = (&*reading).read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                printed.send_modify(|screen| screen.push_str(&text));
            }
        });
        Self { pty, child, screen, at: 0 }
    }

    /// Reads on until these words, and returns what stood before them.
    pub async fn reads(&mut self, words: &str) -> String {
        let at = self.at;
        let mut screen = self.screen.clone();
        let found = screen.wait_for(|screen| screen[at..].contains(words));
        let found = tokio::time::timeout(PATIENCE, found).await;
        let Ok(Ok(screen)) = found else {
            panic!("waited in vain for {words:?}; after what was read:\n{}", self.rest())
        };
        let start = screen[at..].find(words).expect("just seen");
        let before = screen[at..at + start].to_owned();
        drop(screen);
        self.at = at + start + words.len();
        before
    }

    /// The rest of the line.
    pub async fn line(&mut self) -> String {
        self.reads("\n").await.trim().to_owned()
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        (&*self.pty).write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for a question and answers it.
    pub async fn answers(&mut self, question: &str, line: &str) {
        self.reads(question).await;
        self.types(line);
    }

    /// Waits for a question whose answer is hidden, and answers it.
    pub async fn hides(&mut self, question: &str, secret: &str) {
        self.reads(question).await;
        self.becomes_hidden().await;
        self.types(secret);
    }

    /// Waits until what is typed is not shown.
    pub async fn becomes_hidden(&self) {
        let hidden = async {
            while self.shows_typing() {
                let _ =
                    tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>())
                        .await;
            }
        };
        let hidden = tokio::time::timeout(PATIENCE, hidden).await;
        assert!(hidden.is_ok(), "the input is not hidden:\n{}", self.rest());
    }

    /// Whether what is typed is shown.
    pub fn shows_typing(&self) -> bool {
        tcgetattr(&*self.pty).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Presses Ctrl-C.
    pub fn interrupts(&mut self) {
        (&*self.pty).write_all(&[3]).unwrap();
    }

    /// Everything that was printed and typed.
    pub fn screen(&self) -> String {
        self.screen.borrow().clone()
    }

    fn rest(&self) -> String {
        self.screen.borrow()[self.at..].to_owned()
    }

    /// Waits for the end of the program: its exit code.
    pub async fn ends(mut self) -> (i32, String) {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status.code().unwrap_or(-1);
                }
                let _ =
                    tokio::time::timeout(Duration::from_millis(20), self.screen.changed()).await;
            }
        };
        let code = tokio::time::timeout(PATIENCE, waiting).await;
        let code = code.unwrap_or_else(|_| panic!("it does not end:\n{}", self.screen()));
        // What it printed last is read when the terminal has ended.
        while self.screen.changed().await.is_ok() {}
        (code, self.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

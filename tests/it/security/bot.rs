//! A running `keylapse run --console`: lines in, everything it says kept, and waiting for words
//! instead of for time.

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use super::door::PATIENCE;
use crate::cli::{Host, Said};

/// The bot as a process; killed when dropped.
pub struct Bot {
    child: Child,
    input: Option<ChildStdin>,
    out: Paper,
    err: Paper,
    readers: Vec<JoinHandle<()>>,
}

/// What was said on one stream so far.
type Paper = Arc<(Mutex<Vec<u8>>, Condvar)>;

impl Bot {
    /// Starts it and waits until it watches.
    pub fn start(host: &Host, env: &[(&str, &str)]) -> Self {
        let mut command = host.command(&["run", "--console"]);
        command.envs(env.iter().copied());
        let bot = Self::spawn(command);
        bot.wait_for("I watch the keys");
        bot
    }

    /// The same, of any command that ends up being the bot.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (out, err) = (Paper::default(), Paper::default());
        let streams: [(Box<dyn Read + Send>, &Paper); 2] = [
            (Box::new(child.stdout.take().unwrap()), &out),
            (Box::new(child.stderr.take().unwrap()), &err),
        ];
        let readers = streams.map(|(stream, paper)| {
            let paper = paper.clone();
            std::thread::spawn(move || keep(stream, &paper))
        });
        Self { input: child.stdin.take(), child, out, err, readers: readers.into() }
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        self.input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits until it has said something.
    pub fn wait_for(&self, words: &str) {
        let (paper, news) = &*self.out;
        let missing = |said: &mut Vec<u8>| !String::from_utf8_lossy(said).contains(words);
        let (said, waited) =
            news.wait_timeout_while(paper.lock().unwrap(), PATIENCE, missing).unwrap();
        let (said, err) = (String::from_utf8_lossy(&said), self.err.0.lock().unwrap());
        assert!(!waited.timed_out(), "no {words:?} in:\n{said}\n{}", String::from_utf8_lossy(&err));
    }

    /// Where it serves health and metrics; it was told to choose a port by itself.
    pub fn ops(&self) -> std::net::SocketAddr {
        const WORDS: &str = "health and metrics are served at ";
        let (paper, news) = &*self.err;
        let address = |said: &[u8]| -> Option<std::net::SocketAddr> {
            let said = String::from_utf8_lossy(said).into_owned();
            let (_, rest) = said.split_once(WORDS)?;
            rest.split_once('\n')?.0.trim().parse().ok()
        };
        let missing = |said: &mut Vec<u8>| address(said).is_none();
        let (said, _) = news.wait_timeout_while(paper.lock().unwrap(), PATIENCE, missing).unwrap();
        address(&said).expect("it serves health and metrics")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Leaves as people do, and gives what was said.
    pub fn quit(mut self) -> Said {
        self.say("quit");
        self.end()
    }

    /// Dies on the spot, and gives what was said.
    pub fn kill(mut self) -> Said {
        self.child.kill().unwrap();
        self.end()
    }

    fn end(&mut self) -> Said {
        let status = self.child.wait().unwrap();
        self.input = None;
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let text = |paper: &Paper| String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        Said { code: status.code().unwrap_or(-1), out: text(&self.out), err: text(&self.err) }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // After an orderly end there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(stream: impl Read, paper: &Paper) {
    let mut stream = BufReader::new(stream);
    let mut piece = [0; 4096];
    while let Ok(read) = stream.read(&mut piece) {
        if read == 0 {
            break;
        }
        paper.0.lock().unwrap().extend_from_slice(&piece[..read]);
        paper.1.notify_all();
    }
}

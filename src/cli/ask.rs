//! Everything that passes between a person and a subcommand: lines, questions with choices, secrets
//! without echo. The one place that reads the terminal; tests drive it with buffers.

use std::fmt::{Display, Write as _};
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::fd::AsFd;

use serde_json::Value;
use zeroize::Zeroizing;

use super::failure::{Failure, refused};
use crate::chat::console::render::plain;
use crate::domain::text::{printable, steers};
use crate::private_file;
use crate::secret::Secret;

/// The longest line that is read; more is no answer.
const LONGEST_LINE: u64 = 4096;

/// Below this many columns words are broken by the terminal.
const NARROWEST: usize = 40;

/// Where a subcommand reads and writes.
pub struct Terminal {
    input: Box<dyn BufRead>,
    out: Box<dyn Write>,
    /// Somebody sits there and can be asked.
    asks: bool,
    /// Secrets are read from the terminal itself, without echo.
    hides: bool,
    /// It writes to standard output, which may be a terminal of some width.
    is_standard: bool,
}

impl Terminal {
    /// Standard input and output. Questions are asked only where input is a terminal.
    pub fn standard() -> Self {
        // Not locked: others in the process may read it when no question is open.
        let asks = io::stdin().is_terminal();
        Self {
            input: Box::new(io::BufReader::new(io::stdin())),
            out: Box::new(io::stdout()),
            asks,
            hides: asks,
            is_standard: true,
        }
    }

    /// A made-up terminal.
    pub fn new(input: impl BufRead + 'static, out: impl Write + 'static, asks: bool) -> Self {
        let (input, out) = (Box::new(input), Box::new(out));
        Self { input, out, asks, hides: false, is_standard: false }
    }

    /// Whether somebody can be asked.
    pub fn asks(&self) -> bool {
        self.asks
    }

    /// One line of output. When nobody reads it any more, the rest is not worth saying.
    pub fn say(&mut self, text: impl Display) -> Result<(), Failure> {
        self.write(&format!("{text}\n"))
    }

    /// One line of output for programs: nothing is lost, what would steer a terminal is escaped.
    pub fn say_json(&mut self, value: &Value) -> Result<(), Failure> {
        self.put(&format!("{}\n", escaped(&value.to_string())))
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        let columns = if self.is_standard { columns(io::stdout()) } else { None };
        self.put(&broken(&printable(text), columns))
    }

    fn put(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Said(0),
            _ => Failure::Failed(format!(
                "The output cannot be written ({}).",
                private_file::reason(&error)
            )),
        })
    }

    /// A line for people beside the output, so that a program can read the output alone.
    pub fn note(&mut self, text: impl Display) {
        // Where stderr is closed nobody wants to know.
        let text = broken(&printable(&text.to_string()), columns(io::stderr()));
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Asks for a line; the answer is trimmed.
    pub fn line(&mut self, question: &str) -> Result<String, Failure> {
        self.write(&format!("{question} "))?;
        Ok(self.read()?.trim().to_owned())
    }

    /// Asks for a secret: without echo at a terminal, the next line of the input otherwise.
    pub fn secret(&mut self, question: &str) -> Result<Secret, Failure> {
        self.write(&format!("{question}: "))?;
        if !self.hides {
            return self.secret_line();
        }
        let text = rpassword::read_password().map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                interrupted();
            }
            unreadable(&error)
        })?;
        Ok(trimmed(&Zeroizing::new(text)))
    }

    /// The next line of the input as a secret, for `--stdin`.
    pub fn secret_line(&mut self) -> Result<Secret, Failure> {
        self.read().map(|line| trimmed(&line))
    }

    /// Refuses an input that goes on after its last answer: something in it stands elsewhere than
    /// meant.
    pub fn nothing_more(&mut self) -> Result<(), Failure> {
        while let Some(line) = self.next_line()? {
            if !line.trim().is_empty() {
                return refused(
                    "The input goes on after the third line: give key, secret and passphrase, one a line, and nothing else. Nothing was changed.",
                );
            }
        }
        Ok(())
    }

    /// The next line of the input as it stands; `None` at its end.
    pub fn next_line(&mut self) -> Result<Option<Zeroizing<String>>, Failure> {
        let mut line = Zeroizing::new(String::with_capacity(512));
        let read = io::Read::take(&mut self.input, LONGEST_LINE * 16).read_line(&mut line);
        let read = read.map_err(|error| unreadable(&error))?;
        Ok((read > 0).then_some(line))
    }

    /// Asks until one of the choices was chosen, by number or by the beginning of its words.
    pub fn choose(&mut self, question: &str, choices: &[&str]) -> Result<usize, Failure> {
        let listed: Vec<String> =
            choices.iter().enumerate().map(|(at, words)| format!("[{}] {words}", at + 1)).collect();
        self.say(question)?;
        loop {
            let answer = self.line(&format!("{}:", listed.join("  ")))?.to_lowercase();
            let by_number =
                answer.parse::<usize>().ok().filter(|n| (1..=choices.len()).contains(n));
            let begins = |words: &&str| words.to_lowercase().starts_with(&answer);
            let mut fits = choices.iter().enumerate().filter(|(_, words)| begins(words));
            match (by_number, fits.next(), fits.next()) {
                (Some(number), ..) => return Ok(number - 1),
                (None, Some((at, _)), None) if !answer.is_empty() => return Ok(at),
                _ => self.say(format!("Answer with a number from 1 to {}.", choices.len()))?,
            }
        }
    }

    fn read(&mut self) -> Result<Zeroizing<String>, Failure> {
        // Room for the longest line: growing would leave an unwiped copy behind.
        let room = usize::try_from(LONGEST_LINE).unwrap_or_default();
        let mut line = Zeroizing::new(String::with_capacity(room));
        let read = io::Read::take(&mut self.input, LONGEST_LINE).read_line(&mut line);
        match read.map_err(|error| unreadable(&error))? {
            0 => refused("The input ended before everything was answered. Nothing was changed."),
            read if read as u64 == LONGEST_LINE && !line.ends_with('\n') => refused(format!(
                "A line of the input is longer than {LONGEST_LINE} characters, which no answer is: give one answer a line. Nothing was changed."
            )),
            _ => Ok(line),
        }
    }
}

/// How wide the terminal behind an output is; `None` where there is none, or it does not say.
fn columns(out: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(out).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Lines that a terminal need not break in the middle of a word. What a program reads stays whole.
fn broken(text: &str, columns: Option<usize>) -> String {
    columns.map_or_else(|| text.to_owned(), |columns| plain(text, columns.max(NARROWEST)))
}

/// JSON in which nothing steers: such characters stand inside texts only, and there an escape
/// means the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn trimmed(line: &Zeroizing<String>) -> Secret {
    Secret::new(line.trim().to_owned())
}

/// Ctrl-C at a hidden question is read as a letter or cuts the read short; it means what it always
/// means, and whoever handles it ends the process while this waits.
fn interrupted() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
    std::thread::sleep(std::time::Duration::from_secs(5));
}

fn unreadable(error: &io::Error) -> Failure {
    let reason = private_file::reason(error);
    Failure::Refused(format!("The input cannot be read ({reason}). Nothing was changed."))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn terminal(input: &'static str) -> Terminal {
        Terminal::new(Cursor::new(input), io::sink(), true)
    }

    #[test]
    fn a_choice_is_made_by_number_or_by_its_beginning() {
        let choices = ["Check again", "Save anyway", "Stop"];
        assert_eq!(terminal("2\n").choose("?", &choices), Ok(1));
        assert_eq!(terminal("check\n").choose("?", &choices), Ok(0));
        // "s" could be two of them, "9" and nothing are none.
        assert_eq!(terminal("s\n9\n\nstop\n").choose("?", &choices), Ok(2));
        assert_eq!(terminal("maybe\n0\nyes please\ny\n").choose("?", &["Yes", "No"]), Ok(0));
    }

    #[test]
    fn json_keeps_everything_and_shows_nothing_that_steers() {
        let value = Value::from("a\u{202e}b\u{200b}\u{e0001}\u{9b}\u{7f}\r\n");
        let line = escaped(&value.to_string());
        assert!(!line.chars().any(steers), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }

    #[test]
    fn an_input_that_ends_is_no_answer() {
        let ended = Failure::Refused(
            "The input ended before everything was answered. Nothing was changed.".to_owned(),
        );
        assert_eq!(terminal("").line("?"), Err(ended.clone()));
        assert_eq!(terminal("9").choose("?", &["Yes", "No"]), Err(ended));
    }

    #[test]
    fn a_secret_loses_its_line_end_and_nothing_else() {
        assert_eq!(terminal("a b\r\n").secret("secret").ok().unwrap().expose(), "a b");
    }
}

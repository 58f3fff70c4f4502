//! What is typed: with line editing and history where a person sits at a terminal, as plain lines
//! where a file or a pipe does. Blocking reads live in a thread of their own.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Editor, ExternalPrinter, Helper};
use tokio::sync::mpsc;

use super::render;
use super::screen::{Print, Width};
use crate::domain::leak::Pasted;

/// The longest line that is taken; the rest of it is dropped unread.
const LONGEST: u64 = 16 * 1024;

/// Typed lines, and where to print beside them.
pub struct Input {
    /// One line each; ends when the person leaves.
    pub lines: mpsc::Receiver<String>,
    /// Prints without spoiling the line that is being typed.
    pub print: Print,
    /// How wide the terminal is that is printed on.
    pub width: Width,
    /// Whether a line is being typed right now.
    pub typing: Arc<AtomicBool>,
}

/// Lines typed at a terminal. History is kept in `history`, if given, readable by its owner alone.
pub fn typed(prompt: &'static str, history: Option<PathBuf>) -> io::Result<Input> {
    let typing = Arc::new(AtomicBool::new(false));
    let mut editor: Editor<Watcher, FileHistory> = Editor::new().map_err(io::Error::other)?;
    editor.set_helper(Some(Watcher(typing.clone())));
    if let Some(path) = &history {
        // The first start has none.
        let _ = editor.load_history(path);
    }
    let mut printer = editor.create_external_printer().map_err(io::Error::other)?;
    let (send, lines) = mpsc::channel(16);
    let is_typing = typing.clone();
    std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        while let Some(line) = read(&mut editor, prompt) {
            is_typing.store(false, Ordering::Relaxed);
            if is_kept(&line) {
                let _ = editor.add_history_entry(line.as_str());
                // At once: whoever says goodbye ends the process before this thread could.
                if let Some(path) = &history {
                    let _ = editor.append_history(path);
                }
            }
            if send.blocking_send(line).is_err() {
                break;
            }
        }
    })?;
    let print: Print =
        Box::new(move |text| printer.print(text.to_owned()).map_err(io::Error::other));
    Ok(Input { lines, print, width: width(), typing })
}

/// `None` when the person leaves with Ctrl-D or Ctrl-C, or the terminal is gone.
fn read(editor: &mut Editor<Watcher, FileHistory>, prompt: &str) -> Option<String> {
    editor.readline(prompt).ok()
}

/// Whether a line may stand in the history, which is a file: no pasted secret does.
fn is_kept(line: &str) -> bool {
    Pasted::of(line) == Pasted::Nothing
}

/// The width of the terminal behind standard output, within what reads well; where there is none,
/// the width of every transcript.
fn width() -> Width {
    if !io::stdout().is_terminal() {
        return Box::new(|| render::WIDTH);
    }
    Box::new(|| {
        let size = rustix::termios::tcgetwinsize(io::stdout());
        readable(size.map_or(0, |size| usize::from(size.ws_col)))
    })
}

/// Between 40 and 100; a terminal that does not say gets the usual.
fn readable(columns: usize) -> usize {
    if columns == 0 { render::WIDTH } else { columns.clamp(40, 100) }
}

/// Lines of a pipe or file.
pub fn piped(reader: impl BufRead + Send + 'static) -> io::Result<Input> {
    let (send, lines) = mpsc::channel(16);
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut reader = reader;
        while let Some(line) = bounded_line(&mut reader) {
            if send.blocking_send(line).is_err() {
                break;
            }
        }
    })?;
    let typing = Arc::new(AtomicBool::new(false));
    Ok(Input { lines, print: plain_print(), width: width(), typing })
}

/// Prints to standard output as it is.
pub fn plain_print() -> Print {
    Box::new(|text| {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    })
}

/// The next line, cut; bytes that are no UTF-8 are shown as such.
pub fn bounded_line(reader: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    let read = io::Read::take(&mut *reader, LONGEST).read_until(b'\n', &mut bytes).ok()?;
    if read == 0 {
        return None;
    }
    if bytes.last() != Some(&b'\n') && read as u64 == LONGEST {
        reader.skip_until(b'\n').ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

/// Sees each keystroke through the hinting hook, so that the demo's time can wait for a typist.
struct Watcher(Arc<AtomicBool>);

impl Hinter for Watcher {
    type Hint = String;

    fn hint(&self, line: &str, _pos: usize, _ctx: &rustyline::Context<'_>) -> Option<String> {
        self.0.store(!line.is_empty(), Ordering::Relaxed);
        None
    }
}

impl Completer for Watcher {
    type Candidate = String;
}
impl Highlighter for Watcher {}
impl Validator for Watcher {}
impl Helper for Watcher {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_reads_well_and_no_secret_stands_in_the_history() {
        let widths = [(0, 78), (10, 40), (64, 64), (240, 100)];
        assert!(widths.iter().all(|(columns, width)| readable(*columns) == *width));
        assert!(is_kept("/ack 3 2h waiting") && is_kept("what does 400003 mean"));
        assert!(!is_kept("/faq 6705f5c311545b000157d3eb"));
        assert!(!is_kept("secret 46fd8974-aaaa-bbbb-cccc-896f005b2340"));
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_begins_clean() {
        let text = format!("{}\n/alerts\r\n\u{fffd}", "x".repeat(100_000));
        let mut reader = io::BufReader::new(text.as_bytes());
        assert_eq!(bounded_line(&mut reader).map(|line| line.len()), Some(16 * 1024));
        assert_eq!(bounded_line(&mut reader).as_deref(), Some("/alerts"));
        assert!(bounded_line(&mut reader).is_some());
        assert_eq!(bounded_line(&mut reader), None);
    }
}

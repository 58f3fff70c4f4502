//! What stands behind `keylapse` on the command line, read before anything else. Secrets are never
//! arguments: the shell's history and the list of processes keep them. One that is given by mistake
//! ends the run with a sentence that does not repeat it.

use std::ffi::OsString;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use super::Cli;
use crate::domain::text::looks_secret;

/// What is said where an argument is, or may be, a secret.
const NEVER: &str = "Secrets are never arguments, because the shell's history and the list of processes keep them. Leave them out: keylapse asks for them unseen, or takes --stdin, or --key-file, --secret-file and --passphrase-file.";
const SHAPE: &str = "An argument has the shape of a key or secret. If it is one, delete that line from the shell's history, and make a new key if others use this machine.";

/// The longest word that is repeated to the person who typed it.
const LONGEST_WORD: usize = 12;

/// Reads the arguments, or says what is wrong with them; the number is the exit code.
pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Cli, u8> {
    let args: Vec<OsString> = args.into_iter().collect();
    if gives_secret(&args) {
        eprintln!("{SHAPE} {NEVER}");
        return Err(2);
    }
    Cli::try_parse_from(args).map_err(|mut error| {
        let is_help = !error.use_stderr();
        let hides = !is_help && mask(&mut error);
        // Where nobody reads it any more, nobody wants to know.
        let _ = error.print();
        if hides {
            eprintln!("{NEVER}");
        }
        u8::from(!is_help) * 2
    })
}

/// Whether an argument is a key or secret by its shape. A question may hold one: `faq` answers it.
fn gives_secret(args: &[OsString]) -> bool {
    let is_question = args.iter().any(|arg| arg == "faq");
    let holds = |arg: &OsString| {
        let text = arg.to_string_lossy();
        // A folder's or file's name in a path may well be an id.
        text.split(['=', ',', ':', ';', ' ']).any(looks_secret)
    };
    !is_question && args.iter().skip(1).any(holds)
}

/// Takes what may be a secret out of an error. Whether anything was taken.
fn mask(error: &mut clap::Error) -> bool {
    let mut hides = false;
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue]
    {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let is_harmless = match kind {
            ContextKind::InvalidArg => is_flag(text),
            _ => is_word(text, LONGEST_WORD),
        };
        if !is_harmless {
            error.insert(kind, ContextValue::String("…".to_owned()));
            // Tips repeat what was typed.
            error.remove(ContextKind::Suggested);
            hides = true;
        }
    }
    hides
}

/// A flag as we name them, alone or with the name of its value behind it.
fn is_flag(text: &str) -> bool {
    let name = text.split([' ', '=']).next().unwrap_or_default();
    name.starts_with('-') && is_word(name, 2 * LONGEST_WORD) || text.starts_with('<')
}

/// A plain word: nothing that a key, secret or good passphrase looks like.
fn is_word(text: &str, longest: usize) -> bool {
    text.len() <= longest && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "6705f5c311545b000157d3eb";
    const SECRET: &str = "46fd8974-aaaa-bbbb-cccc-896f005b2340";

    fn said(args: &[&str]) -> (bool, String) {
        let args = std::iter::once("keylapse").chain(args.iter().copied()).map(OsString::from);
        let mut error = Cli::try_parse_from(args).unwrap_err();
        (mask(&mut error), error.to_string())
    }

    #[test]
    fn an_argument_of_the_shape_is_noticed_wherever_it_stands() {
        let flag = format!("--site={SECRET}");
        let list = format!("withdraw,{KEY}");
        let table: [(&[&str], bool); 7] = [
            (&["key", "add", KEY], true),
            (&["key", "add", "--site", SECRET], true),
            (&["key", "add", &flag], true),
            (&["key", "add", "--allow", &list], true),
            (&["key", "show", KEY], true),
            (&["key", "import", "/tmp/46fd8974-aaaa-bbbb-cccc-896f005b2340/keys.csv"], false),
            (&["faq", "what", "is", KEY], false),
        ];
        for (args, expected) in table {
            let all: Vec<OsString> = std::iter::once("keylapse")
                .chain(args.iter().copied())
                .map(OsString::from)
                .collect();
            assert_eq!(gives_secret(&all), expected, "{args:?}");
        }
    }

    #[test]
    fn a_value_that_may_be_a_passphrase_is_not_repeated() {
        let table: [&[&str]; 7] = [
            &["key", "add", "Hunter2-horse"],
            &["key", "add", "--site", "Hunter2-horse"],
            &["key", "add", "--allow", "withdraw,Hunter2-horse"],
            &["key", "add", "--declared=Hunter2-horse"],
            &["key", "Hunter2-horse"],
            &["Hunter2-horse"],
            &["key", "add", "-Hunter2-horse"],
        ];
        for args in table {
            let (hides, text) = said(args);
            assert!(hides && !text.contains("unter2"), "{args:?}: {text}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_still_named() {
        for (args, word) in [
            (&["key", "add", "--site", "glboal"][..], "glboal"),
            (&["key", "lsit"], "lsit"),
            (&["key", "add", "--lable", "x"], "--lable"),
            (&["key", "show"], "<LABEL>"),
        ] {
            let (hides, text) = said(args);
            assert!(!hides && text.contains(word), "{text}");
        }
    }
}

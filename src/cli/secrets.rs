//! How secrets come in: without echo at a terminal, as three lines of the input, or from files that
//! are judged like the master key's. Never as arguments. Each field is looked at for its shape,
//! because the three are easily swapped; no sentence repeats what was given.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use crate::private_file::{self, Trust};
use crate::secret::{KeySecrets, Secret};

/// How often a secret is asked for.
const TRIES: u8 = 3;
/// The most characters of one secret; KuCoin's have 36 at most.
const LONGEST: usize = 128;
/// The largest file of one secret.
const CAP: u64 = 4096;

/// Where secrets come from when nobody is asked.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SecretFlags {
    /// Read the input: three lines, key, secret and passphrase, and its end
    #[arg(long, conflicts_with_all = ["key_file", "secret_file", "passphrase_file"])]
    pub stdin: bool,
    /// A file with the key
    #[arg(long, value_name = "FILE", requires_all = ["secret_file", "passphrase_file"])]
    pub key_file: Option<PathBuf>,
    /// A file with the secret
    #[arg(long, value_name = "FILE", requires_all = ["key_file", "passphrase_file"])]
    pub secret_file: Option<PathBuf>,
    /// A file with the API passphrase
    #[arg(long, value_name = "FILE", requires_all = ["key_file", "secret_file"])]
    pub passphrase_file: Option<PathBuf>,
}

impl SecretFlags {
    /// Whether a source was named.
    pub fn is_empty(&self) -> bool {
        !self.stdin && self.key_file.is_none()
    }

    /// Reads the three secrets and says what their shapes tell.
    pub fn read(&self, terminal: &mut Terminal, trust: &Trust) -> Result<KeySecrets, Failure> {
        if let (Some(key), Some(secret), Some(passphrase)) =
            (&self.key_file, &self.secret_file, &self.passphrase_file)
        {
            let secrets = KeySecrets {
                key: from_file(key, trust)?,
                secret: from_file(secret, trust)?,
                passphrase: from_file(passphrase, trust)?,
            };
            return checked(secrets, terminal);
        }
        if terminal.asks() {
            return ask(terminal);
        }
        if !self.stdin {
            return refused(
                "Nobody can be asked here: give the three secrets with --stdin, or with --key-file, --secret-file and --passphrase-file.",
            );
        }
        let secrets = KeySecrets {
            key: terminal.secret_line()?,
            secret: terminal.secret_line()?,
            passphrase: terminal.secret_line()?,
        };
        terminal.nothing_more()?;
        checked(secrets, terminal)
    }
}

fn from_file(path: &Path, trust: &Trust) -> Result<Secret, Failure> {
    let bytes = private_file::read_secret(path, CAP, trust)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Secret::new(text.trim_start_matches('\u{feff}').trim().to_owned())),
        Err(_) => refused(format!(
            "{} is not UTF-8 text: save the secret alone in it, as text.",
            path.display()
        )),
    }
}

fn checked(secrets: KeySecrets, terminal: &mut Terminal) -> Result<KeySecrets, Failure> {
    for remark in check(&secrets).map_err(Failure::Refused)? {
        terminal.say(remark)?;
    }
    Ok(secrets)
}

fn ask(terminal: &mut Terminal) -> Result<KeySecrets, Failure> {
    Ok(KeySecrets {
        key: ask_field(terminal, Field::Key, "API key")?,
        secret: ask_secret(terminal)?,
        passphrase: ask_passphrase(terminal)?,
    })
}

/// Asks for what is signed with anew; the key stays.
pub fn ask_again(secrets: &mut KeySecrets, terminal: &mut Terminal) -> Result<(), Failure> {
    secrets.secret = ask_secret(terminal)?;
    secrets.passphrase = ask_passphrase(terminal)?;
    Ok(())
}

fn ask_secret(terminal: &mut Terminal) -> Result<Secret, Failure> {
    ask_field(terminal, Field::Secret, "API secret")
}

fn ask_passphrase(terminal: &mut Terminal) -> Result<Secret, Failure> {
    let question = "API passphrase (chosen when you made this key; not your trading password)";
    ask_field(terminal, Field::Passphrase, question)
}

/// Asks again where the shape is wrong, with the reason. What has an odd shape and is given twice is
/// meant so.
fn ask_field(terminal: &mut Terminal, field: Field, question: &str) -> Result<Secret, Failure> {
    let mut odd: Option<Secret> = None;
    for _ in 0..TRIES {
        let text = terminal.secret(question)?;
        match field.look(&text) {
            Ok(Look::Plain) => return Ok(text),
            Ok(Look::Right(remark)) => {
                terminal.say(remark)?;
                return Ok(text);
            }
            Ok(Look::Odd(_)) if odd.as_ref().is_some_and(|odd| odd.expose() == text.expose()) => {
                return Ok(text);
            }
            Ok(Look::Odd(remark)) => {
                terminal.say(format!("{remark}. Paste it again; the same once more keeps it."))?;
                odd = Some(text);
            }
            Err(why) => terminal.say(why)?,
        }
    }
    refused(format!(
        "That was no {} either, after {TRIES} tries: look it up where it was saved and begin again. Nothing was changed.",
        field.name()
    ))
}

/// Looks at all three; the remarks are for people, an error says what to do.
pub fn check(secrets: &KeySecrets) -> Result<Vec<String>, String> {
    let (key, secret) = (shape(&secrets.key), shape(&secrets.secret));
    if key == Shape::Secret && secret == Shape::Key {
        return Err("Key and secret are swapped: give the key (24 characters) first, then the secret (36 characters with dashes).".to_owned());
    }
    let fields = [
        (Field::Key, &secrets.key),
        (Field::Secret, &secrets.secret),
        (Field::Passphrase, &secrets.passphrase),
    ];
    let looked: Result<Vec<_>, _> = fields.iter().map(|(field, text)| field.look(text)).collect();
    let words = |look| match look {
        Look::Plain => None,
        Look::Right(remark) | Look::Odd(remark) => Some(remark),
    };
    looked.map(|looks| looks.into_iter().filter_map(words).collect())
}

/// Texts shorter than this say nothing of a secret that they happen to be part of.
const TELLING: usize = 6;

/// Refuses texts that chats show and that give one of the three away.
pub fn refuse_shown<'a>(
    secrets: &KeySecrets,
    shown: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let fields = [
        (Field::Key, &secrets.key),
        (Field::Secret, &secrets.secret),
        (Field::Passphrase, &secrets.passphrase),
    ];
    for text in shown.into_iter().map(str::to_lowercase) {
        for (field, secret) in fields {
            let secret = Zeroizing::new(secret.expose().to_lowercase());
            let is_in = secret.len() >= TELLING && text.contains(secret.as_str());
            let gives_away = text == *secret || is_in;
            if gives_away {
                return Err(format!(
                    "The label, or the note on what stops with it, holds the {}, and both are shown in chat: choose other words. Nothing was changed.",
                    field.name()
                ));
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Key,
    Secret,
    Other,
}

fn shape(text: &Secret) -> Shape {
    match crate::domain::text::looks_secret(text.expose()) {
        true if text.expose().contains('-') => Shape::Secret,
        true => Shape::Key,
        false => Shape::Other,
    }
}

/// What a field's shape tells; each sentence is for people.
enum Look {
    /// Nothing: a passphrase has no shape.
    Plain,
    /// It is as KuCoin makes them.
    Right(String),
    /// It is not; it may be meant so.
    Odd(String),
}

#[derive(Clone, Copy)]
enum Field {
    Key,
    Secret,
    Passphrase,
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Secret => "secret",
            Self::Passphrase => "passphrase",
        }
    }

    /// What its shape tells, or why this cannot be the field.
    fn look(self, text: &Secret) -> Result<Look, String> {
        let (name, length) = (self.name(), text.expose().chars().count());
        if text.is_empty() {
            return Err(format!("The {name} is empty: paste it again."));
        }
        if length > LONGEST {
            return Err(format!(
                "The {name} has {length} characters, and KuCoin's have 36 at most: copy it alone."
            ));
        }
        let odd = |c: char| c.is_control() || (!c.is_ascii() && !matches!(self, Self::Passphrase));
        if text.expose().chars().any(odd) {
            return Err(format!(
                "The {name} holds characters that no {name} has: copy it again from where it was saved."
            ));
        }
        match (self, shape(text)) {
            (Self::Key, Shape::Secret) => {
                Err("This looks like the secret; I asked for the key.".to_owned())
            }
            (Self::Secret, Shape::Key) => {
                Err("This looks like the key; I asked for the secret.".to_owned())
            }
            (Self::Passphrase, Shape::Key) => {
                Err("This looks like the key; I asked for the API passphrase.".to_owned())
            }
            (Self::Passphrase, Shape::Secret) => {
                Err("This looks like the secret; I asked for the API passphrase.".to_owned())
            }
            (Self::Key, Shape::Key) | (Self::Secret, Shape::Secret) => {
                Ok(Look::Right(format!("{name}: {length} characters, right shape")))
            }
            (Self::Key, Shape::Other) => Ok(Look::Odd(format!(
                "key: {length} characters; KuCoin's keys have 24 of 0-9 and a-f"
            ))),
            (Self::Secret, Shape::Other) => Ok(Look::Odd(format!(
                "secret: {length} characters; KuCoin's secrets have 36, with four dashes"
            ))),
            (Self::Passphrase, Shape::Other) => {
                Ok(passphrase_remark(text.expose()).map_or(Look::Plain, Look::Odd))
            }
        }
    }
}

fn passphrase_remark(text: &str) -> Option<String> {
    let is_pin = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_pin {
        let six = "passphrase: six digits look like the trading password; the API passphrase was chosen when this key was made";
        return Some(six.to_owned());
    }
    let fits = (7..=32).contains(&text.len()) && !text.contains(' ');
    (!fits).then(|| "passphrase: KuCoin's have 7 to 32 characters without blanks".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, sink};

    use super::*;

    const KEY: &str = "6705f5c311545b000157d3eb";
    const SECRET: &str = "46fd8974-aaaa-bbbb-cccc-896f005b2340";

    fn secrets(key: &str, secret: &str, passphrase: &str) -> KeySecrets {
        let own = |text: &str| Secret::new(text.to_owned());
        KeySecrets { key: own(key), secret: own(secret), passphrase: own(passphrase) }
    }

    #[test]
    fn swapped_and_empty_fields_are_recognised() {
        let long = "x".repeat(129);
        let table = [
            (KEY, long.as_str(), "correct-horse", "The secret has 129 characters"),
            (KEY, SECRET, long.as_str(), "The passphrase has 129 characters"),
            (SECRET, KEY, "correct-horse", "Key and secret are swapped"),
            (SECRET, SECRET, "correct-horse", "This looks like the secret; I asked for the key."),
            (KEY, KEY, "correct-horse", "This looks like the key; I asked for the secret."),
            (KEY, SECRET, SECRET, "This looks like the secret; I asked for the API passphrase."),
            (KEY, SECRET, KEY, "This looks like the key; I asked for the API passphrase."),
            ("", SECRET, "correct-horse", "The key is empty"),
            (KEY, "", "correct-horse", "The secret is empty"),
            (KEY, SECRET, "", "The passphrase is empty"),
            (KEY, "a\u{200b}b", "correct-horse", "The secret holds characters"),
            (KEY, SECRET, "a\tb", "The passphrase holds characters"),
        ];
        for (key, secret, passphrase, begins) in table {
            let said = check(&secrets(key, secret, passphrase)).unwrap_err();
            assert!(said.starts_with(begins), "{said}");
        }
    }

    #[test]
    fn odd_shapes_are_remarked_and_let_through() {
        let shapes = check(&secrets(KEY, SECRET, "correct-horse")).unwrap();
        assert_eq!(
            shapes,
            ["key: 24 characters, right shape", "secret: 36 characters, right shape"]
        );
        let odd = check(&secrets("abc", "def", "123456")).unwrap();
        assert_eq!(odd.len(), 3);
        assert!(odd[2].contains("trading password"), "{odd:?}");
        assert!(check(&secrets("abc", "def", "a b c d e")).unwrap()[2].contains("7 to 32"));
    }

    #[test]
    fn a_wrong_field_is_asked_again() {
        let input = format!("{SECRET}\n{KEY}\n\n{SECRET}\ncorrect-horse\n");
        let mut terminal = Terminal::new(Cursor::new(input), sink(), true);
        let read = SecretFlags::default().read(&mut terminal, &Trust::default()).ok().unwrap();
        assert_eq!(read.key.expose(), KEY);
        assert_eq!(read.secret.expose(), SECRET);
        assert_eq!(read.passphrase.expose(), "correct-horse");
    }

    #[test]
    fn an_odd_shape_is_asked_for_again_and_kept_when_it_is_meant() {
        let read = |input: String| {
            let mut terminal = Terminal::new(Cursor::new(input), sink(), true);
            SecretFlags::default().read(&mut terminal, &Trust::default())
        };
        let corrected = read(format!("6705\n{KEY}\n{SECRET}\n123456\ncorrect-horse\n"));
        assert_eq!(corrected.ok().unwrap().passphrase.expose(), "correct-horse");
        let meant = read(format!("6705\n6705\n{SECRET}\n123456\n123456\n"));
        assert_eq!(meant.ok().unwrap().key.expose(), "6705");
        let Err(Failure::Refused(said)) = read(format!("6705\n{SECRET}\n6706\n{KEY}\n")) else {
            panic!("a third wrong answer was taken");
        };
        assert!(said.starts_with("That was no key either, after 3 tries"), "{said}");
    }
}

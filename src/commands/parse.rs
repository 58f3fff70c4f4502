//! A typed line becomes a command. What may hold a secret goes to the guard whole; the rest is cut
//! first and then read. What is wrong is said in one sentence that never repeats what was typed.

use super::spec::{Argument, ArgumentKind, Given, Reach, Spec, typed};
use super::until::{is_time, seems_time};
use super::{Command, Reply};
use crate::domain::card::{Card, Tone};
use crate::domain::leak::{Pasted, possible_keys};

/// Input is cut to this many characters before anything but the guard looks at it (S19).
pub const LONGEST: usize = 2_000;
/// The guard looks at this many; no platform has a longer message.
const JUDGED: usize = 10_000;

/// Why a line is no command, in one sentence for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing was typed.
    #[error("/help lists what you can ask.")]
    Empty,
    /// Nothing of that name, and nothing near it.
    #[error("I do not know that command. /help lists what you can ask.")]
    Unknown,
    /// Nothing of that name, but something near it.
    #[error("I do not know that command. Did you mean /{0}?")]
    Near(&'static str),
    /// Not a number of days that can be looked ahead.
    #[error("Days are a number from 1 to 400, for example /upcoming 60.")]
    Days,
}

impl ParseError {
    /// The sentence as an answer.
    pub fn reply(&self) -> Reply {
        Reply::private(Card::new(Tone::Plain, self.to_string()))
    }
}

/// The last [`LONGEST`] characters of a question: the cause of a long paste stands at its end.
pub(super) fn end_of(question: &str) -> &str {
    last(question, LONGEST)
}

/// As much of a text as the guard looks at: all of it, but for what no platform delivers.
pub fn whole(text: &str) -> &str {
    last(text, JUDGED)
}

fn last(text: &str, most: usize) -> &str {
    let text = text.trim();
    let cut = text.char_indices().rev().nth(most - 1).map_or(0, |(at, _)| at);
    &text[cut..]
}

/// A line that is not longer than can be read: of a question the end is kept, of anything else
/// the beginning.
pub fn cut(line: &str) -> String {
    let line = line.trim();
    if line.chars().nth(LONGEST).is_none() {
        return line.to_owned();
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let plain = name.split('@').next().unwrap_or_default();
    match Spec::named(plain.strip_prefix('/').unwrap_or(plain)) {
        Some(spec) if spec.name == "faq" => format!("{name} {}", end_of(rest)),
        None if !name.starts_with('/') => end_of(line).to_owned(),
        Some(_) | None => line.chars().take(LONGEST).collect(),
    }
}

/// Reads a line, with or without the slash.
pub fn parse(line: &str) -> Result<Command, ParseError> {
    let line = cut(line);
    let line = line.trim();
    let line = line.strip_prefix('/').unwrap_or(line);
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if name.is_empty() {
        return Err(ParseError::Empty);
    }
    let Some(spec) = Spec::named(name) else {
        return Err(nearest(name).map_or(ParseError::Unknown, ParseError::Near));
    };
    let mut given = Given::default();
    let mut rest = rest.trim();
    for argument in spec.words() {
        let (value, after) = take(argument, rest);
        given.put(argument, value);
        rest = after.trim_start();
    }
    spec.make(given)
}

/// Reads a line like [`parse`]; what may hold a secret goes nowhere but to the guard, whatever
/// command it was meant for.
pub fn parse_guarded(line: &str) -> Result<Command, ParseError> {
    guarded(line).map_or_else(|| parse(line), Ok)
}

/// The guard's own command, where a line may hold a secret. Of a long one a key's id is enough:
/// cut, it would never be compared with the watched ones.
fn guarded(line: &str) -> Option<Command> {
    let line = whole(line);
    let is_long = line.chars().nth(LONGEST).is_some();
    let is_suspect =
        Pasted::of(line) != Pasted::Nothing || (is_long && !possible_keys(line).is_empty());
    is_suspect.then(|| Command::Faq { question: Some(line.to_owned()), whom: None })
}

/// Reads a line typed where only commands and questions are typed: what is no command is a
/// question. What may be a secret goes nowhere but to the warning that [`Command::Faq`] gives.
pub fn hear(line: &str) -> Result<Command, ParseError> {
    if let Some(command) = guarded(line) {
        return Ok(command);
    }
    let line = cut(line);
    let line = line.trim();
    let question = || Ok(Command::Faq { question: Some(line.to_owned()), whom: None });
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let is_command = match Spec::named(name) {
        _ if name.is_empty() || name.starts_with('/') => true,
        Some(spec) => !is_sentence(spec, rest.trim()),
        // One word that is nearly a command was meant to be it.
        None => rest.trim().is_empty() && nearest(name).is_some(),
    };
    if is_command { parse(line) } else { question() }
}

/// "why does my key expire" begins like a command and is none.
fn is_sentence(spec: &Spec, rest: &str) -> bool {
    let takes_words = spec.arguments.iter().any(|a| a.kind == ArgumentKind::Text);
    !takes_words && (rest.ends_with('?') || rest.split_whitespace().count() >= 3)
}

impl Spec {
    /// The command of a typed row and its arguments.
    pub fn make(&self, mut given: Given) -> Result<Command, ParseError> {
        let Reach::Typed(make) = self.reach else {
            return Err(ParseError::Unknown);
        };
        for argument in self.arguments.iter().filter(|a| a.kind == ArgumentKind::Days) {
            if given.get(argument).is_some_and(|days| !is_days(days)) {
                return Err(ParseError::Days);
            }
        }
        Ok(make(&mut given))
    }
}

fn is_days(text: &str) -> bool {
    text.parse().is_ok_and(|days: u16| (1..=400).contains(&days))
}

/// Cuts one argument off; what is left is for the next.
fn take<'a>(argument: &Argument, rest: &'a str) -> (&'a str, &'a str) {
    match argument.kind {
        // Labels may hold spaces, and nothing stands behind one.
        ArgumentKind::Key => (unquote(rest), ""),
        ArgumentKind::Text => (rest, ""),
        ArgumentKind::Person => ("", rest),
        ArgumentKind::Alert | ArgumentKind::Code | ArgumentKind::Days | ArgumentKind::Receiver => {
            word(rest)
        }
        ArgumentKind::Choice(words) => {
            let (first, after) = word(rest);
            let known = words.iter().any(|one| one.eq_ignore_ascii_case(first));
            if known { (first, after) } else { ("", rest) }
        }
        ArgumentKind::Name => {
            let (name, after) = word(rest);
            (name.strip_prefix('/').unwrap_or(name), after)
        }
        ArgumentKind::Until => {
            let (filler, after) = word(rest);
            let is_filler = ["until", "till", "for"].contains(&filler.to_lowercase().as_str());
            let behind = time_end(after.trim_start()).filter(|_| is_filler);
            match (time_end(rest), behind) {
                (Some(end), _) => rest.split_at(end),
                (None, Some(end)) => after.trim_start().split_at(end),
                // Better asked about than taken for a reason.
                (None, None) if seems_time(rest) => word(rest),
                (None, None) => ("", rest),
            }
        }
    }
}

/// How much of the beginning is a time: two words of it, or one.
fn time_end(rest: &str) -> Option<usize> {
    let (_, after_one) = word(rest);
    let (_, after_two) = word(after_one.trim_start());
    let ends = [rest.len() - after_two.len(), rest.len() - after_one.len()];
    ends.into_iter().find(|end| is_time(&rest[..*end]))
}

/// The first word, or all of what stands in quotation marks.
fn word(rest: &str) -> (&str, &str) {
    if let Some((inside, after)) = quoted(rest) {
        return (inside, after);
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    rest.split_at(end)
}

fn unquote(rest: &str) -> &str {
    match quoted(rest) {
        Some((inside, after)) if after.trim().is_empty() => inside,
        Some(_) | None => rest,
    }
}

/// Phones turn straight quotation marks into curly ones.
fn quoted(rest: &str) -> Option<(&str, &str)> {
    let open = rest.chars().next()?;
    let close: &[char] = match open {
        '"' => &['"'],
        '\'' => &['\''],
        '\u{201C}' | '\u{201E}' => &['\u{201D}', '\u{201C}'],
        '\u{2018}' => &['\u{2019}'],
        _ => return None,
    };
    let inside = &rest[open.len_utf8()..];
    let end = inside.find(close)?;
    let closing = inside[end..].chars().next().map_or(0, char::len_utf8);
    Some((&inside[..end], &inside[end + closing..]))
}

/// The typed name that is nearest to `name`, if one is near.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name: String = name.chars().take(24).collect::<String>().to_lowercase();
    // One measure is for slips of the finger, the other for names that were cut short.
    let score = |spec: &&'static Spec| {
        let slips = strsim::normalized_damerau_levenshtein(&name, spec.name) / 0.6;
        slips.max(strsim::jaro_winkler(&name, spec.name) / 0.85)
    };
    let best = typed().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(&best) >= 1.0).then_some(best.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_question_the_end_is_read_and_of_a_long_command_the_beginning() {
        let long = "x ".repeat(LONGEST).trim().to_owned();
        let asked = |line: &str| match hear(line) {
            Ok(Command::Faq { question: Some(question), whom: None }) => question,
            other => panic!("{other:?}"),
        };
        for line in [format!("/faq {long} 400006"), format!("Traceback {long} 400006")] {
            let question = asked(&line);
            assert!(question.ends_with("x 400006") && !question.contains("faq"), "{question}");
            assert!(question.chars().count() <= LONGEST);
        }
        let Ok(Command::Ack { alert, .. }) = parse(&format!("/ack 7 2h {long}")) else {
            panic!("not taken")
        };
        assert_eq!(alert.as_deref(), Some("7"));
        assert!(cut(&"x".repeat(100_000)).len() <= LONGEST);
        assert!(cut(&format!("/{}", "x".repeat(100_000))).len() <= LONGEST);
    }

    #[test]
    fn a_secret_is_the_guards_however_much_stands_around_it() {
        let long = "x ".repeat(LONGEST);
        let secret = "secret=46fd8974-aaaa-bbbb-cccc-896f005b2340";
        let key = "order id 6705f5c311545b000157d3eb";
        for held in [secret, key] {
            for line in [
                format!("/faq {held} {long}"),
                format!("{held} {long}"),
                format!("/ack 3 {long} {held} {long}"),
                format!("/alerts {long} {held}"),
            ] {
                for heard in [hear(&line), parse_guarded(&line)] {
                    let Ok(Command::Faq { question: Some(question), whom: None }) = heard else {
                        panic!("{held}: {heard:?}")
                    };
                    assert!(question.contains(held), "{held}");
                }
            }
        }
        let flood = format!("{secret} {}", "x ".repeat(100_000));
        let Ok(Command::Faq { question: Some(question), .. }) = hear(&flood) else {
            panic!("none")
        };
        assert!(question.len() <= JUDGED);
    }

    fn ack(alert: &str, until: Option<&str>, reason: Option<&str>) -> Command {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Command::Ack { alert: owned(Some(alert)), until: owned(until), reason: owned(reason) }
    }

    #[test]
    fn lines_become_commands() {
        let key = |label: &str| Some(label.to_owned());
        let table = [
            ("/keystatus", Command::Keystatus { key: None }),
            ("/keystatus mm-bot-1", Command::Keystatus { key: key("mm-bot-1") }),
            ("  KEYSTATUS   grid eu ", Command::Keystatus { key: key("grid eu") }),
            ("why \"grid eu\"", Command::Why { key: key("grid eu") }),
            ("why \u{201C}grid eu\u{201D}", Command::Why { key: key("grid eu") }),
            ("/check \"half", Command::Check { key: key("\"half") }),
            ("/alerts now", Command::Alerts),
            ("/ack", Command::Ack { alert: None, until: None, reason: None }),
            ("/ack 3 2h waiting for exchange", ack("3", Some("2h"), Some("waiting for exchange"))),
            ("/ack 3 waiting 2h", ack("3", None, Some("waiting 2h"))),
            ("/ack \"grid eu\" 2026-12-01 14:00", ack("grid eu", Some("2026-12-01 14:00"), None)),
            ("/ack 3 2026-12-01 at work", ack("3", Some("2026-12-01"), Some("at work"))),
            ("/ack 3 tomorrow", ack("3", Some("tomorrow"), None)),
            ("/ack 3 until 14:00 at work", ack("3", Some("14:00"), Some("at work"))),
            ("/ack 3 for kim", ack("3", None, Some("for kim"))),
            ("/ack 3 yesterday", ack("3", Some("yesterday"), None)),
            ("/ack 3 5pm or so", ack("3", Some("5pm"), Some("or so"))),
            ("/ack 3 25:00", ack("3", Some("25:00"), None)),
            ("/ack 3 30.11.2026", ack("3", Some("30.11.2026"), None)),
            ("/ack 3 Soon.", ack("3", Some("Soon."), None)),
            ("/ack 3 2 people look", ack("3", None, Some("2 people look"))),
            ("/ack 3 2FA reset", ack("3", None, Some("2FA reset"))),
            ("/upcoming 60", Command::Upcoming { days: Some(60) }),
            ("/upcoming", Command::Upcoming { days: None }),
            ("/help /ack", Command::Help { command: key("ack") }),
            ("privacy", Command::Privacy),
        ];
        for (line, command) in table {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_a_question_where_questions_are_typed() {
        let faq = |text: &str| Ok(Command::Faq { question: Some(text.to_owned()), whom: None });
        let questions = [
            "what does 400003 mean",
            "why does my key expire",
            "why expired?",
            "check that my key is safe",
            "expired",
            "invalid request ip",
        ];
        for line in questions {
            assert_eq!(hear(&format!(" {line} ")), faq(line), "{line}");
        }
        let commands = [
            "keystatus",
            "why grid eu",
            "ack 3 2h waiting for the exchange",
            "/why is it so late",
            "/x y z",
        ];
        for line in commands {
            assert_eq!(hear(line), parse(line), "{line}");
        }
        assert_eq!(hear("keystatsu"), Err(ParseError::Near("keystatus")));
        let secret = "/check 46fd8974-aaaa-bbbb-cccc-896f005b2340";
        assert_eq!(hear(secret), faq(secret));
    }

    #[test]
    fn what_is_no_command_gets_one_sentence() {
        let table = [
            ("", ParseError::Empty),
            (" / ", ParseError::Empty),
            ("/keystatsu", ParseError::Near("keystatus")),
            ("/alert", ParseError::Near("alerts")),
            ("/acc", ParseError::Near("ack")),
            ("/quux", ParseError::Unknown),
            ("/reveal", ParseError::Unknown),
            ("/upcoming soon", ParseError::Days),
            ("/upcoming 0", ParseError::Days),
            ("/upcoming 99999999999", ParseError::Days),
        ];
        for (line, error) in table {
            assert_eq!(parse(line), Err(error), "{line}");
        }
    }

    #[test]
    fn a_flood_of_characters_is_cut_before_it_is_read() {
        let Ok(Command::Faq { question: Some(question), whom: None }) =
            parse(&format!("/faq {}", "x".repeat(100_000)))
        else {
            panic!("no question");
        };
        assert!(question.len() <= LONGEST);
        assert!(parse(&"\u{202E}@everyone ".repeat(10_000)).is_err());
    }
}

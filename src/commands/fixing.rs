//! The words of `/fix`: its questions, their answers, and the ends with cause, reason and steps.
//! Money comes first, certainty is part of the sentence, and nothing of a key is said that
//! [`Told::reading`] does not hold.

use super::detail;
use super::reading::{Reading, ago};

use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::evidence::Outcome;
use crate::domain::guide::fix::{
    Answer, Because, Cause, Choice, End, Fix, Known, Look, Question, Says, SiteAnswer, Which,
};
use crate::domain::rules::Rule;
use crate::domain::text::{Clean, Label};
use crate::knowledge::{Entry, Knowledge, Topic};

mod steps;

use steps::own_steps;

/// Typed instead of a label: a key that is not watched here.
pub(super) const ANOTHER: &str = "another";
const MONEY: &str = "Check open positions and orders by hand.";

/// Where somebody stands.
pub(super) struct Told<'a> {
    /// The answers so far.
    pub fix: &'a Fix,
    /// What is known.
    pub known: &'a Known,
    /// The key; nothing where it is another one, or not theirs to see.
    pub reading: Option<Reading<'a>>,
    /// The exchange was asked and is slow.
    pub is_slow: bool,
}

/// One question with its answers as buttons.
pub(super) fn question(question: Question, told: &Told<'_>) -> Card {
    let title = match question {
        Question::Says => "What does your bot's last error line say?",
        Question::Else => "Is it one of these?",
        Question::Listed => "Is the key in the exchange's list, its date in the future?",
        Question::Here => "Does the bot run on the machine of this monitor?",
        Question::Same => "Does the bot use this very key?",
        Question::Site => "Which site is the bot set to?",
    };
    let title = match told.reading {
        // The first question tells of the key below.
        Some(reading) if question != Question::Says => {
            Line::default().label(&reading.key.key.label).text(": ").text(lower(title))
        }
        Some(_) | None => title.into(),
    };
    let mut card = Card::new(Tone::Plain, title);
    for line in hints(question, told) {
        card = card.text(line);
    }
    question.answers(told.fix).into_iter().fold(card, |card, (choice, fix)| {
        card.button(answer(question, choice), Action::Fix { fix })
    })
}

fn hints(question: Question, told: &Told<'_>) -> Vec<Line> {
    match question {
        Question::Says => {
            let paste = "Press what it says, or paste the line here.";
            let mut lines = vec![Line::from(format!("First: {}", lower(MONEY))), paste.into()];
            lines.extend(told.reading.map(|reading| known_so_far(&reading, told)));
            if told.reading.is_some() {
                lines.push(Line::from("It uses another key? ").code("/fix another"));
            }
            lines
        }
        Question::Else => vec!["Read the code in the line, or the words beside it.".into()],
        Question::Listed => vec!["Look at API Management of the account that made it.".into()],
        Question::Here => vec!["This key works from there.".into()],
        Question::Same => told.reading.map(same_hint).into_iter().collect(),
        Question::Site => {
            let made = "A key of one site is unknown on every other: global, EU, Australia, Turkey, sandbox.";
            let of = told.reading.map(|reading| format!("This key is of {}. ", reading.house()));
            vec![format!("{}{made}", of.unwrap_or_default()).into()]
        }
    }
}

/// What the newest look says, so that nobody doubts what was not asked.
fn known_so_far(reading: &Reading<'_>, told: &Told<'_>) -> Line {
    let label = Line::default().label(&reading.key.key.label);
    let when = reading.looked_at().map(|at| ago(reading.now, at)).unwrap_or_default();
    if told.is_slow {
        return label.text(": no answer to my question so far; I go on with what I know.");
    }
    match told.known.look {
        Look::Accepted => label
            .text(format!(" works from this machine (checked {when}). So what does the bot see?")),
        Look::Refused(_) => label.text(format!(": what I saw {when} is set aside.")),
        Look::Nothing => label.text(": I cannot ask about it, so you are asked."),
    }
}

fn same_hint(reading: Reading<'_>) -> Line {
    Line::from("Compare the key id in its settings with the one under ")
        .code("/keystatus")
        .text(" ")
        .label(&reading.key.key.label)
        .text(".")
}

fn answer(question: Question, choice: Choice) -> &'static str {
    match choice {
        Choice::Says(says) => line(says),
        Choice::Site(SiteAnswer::Same) => "The key's own site",
        Choice::Site(SiteAnswer::OtherSite) => "A different site or sandbox",
        Choice::Site(SiteAnswer::OtherExchange) => "Not that exchange at all",
        Choice::Answer(Answer::Unsure) | Choice::Site(SiteAnswer::Unsure) => "I do not know",
        Choice::Answer(Answer::Yes) => match question {
            Question::Listed => "Listed and valid",
            Question::Here => "On this machine",
            Question::Same | Question::Says | Question::Else | Question::Site => "Yes, this key",
        },
        Choice::Answer(Answer::No) => match question {
            Question::Listed => "Gone, or its date is past",
            Question::Here => "Somewhere else",
            Question::Same | Question::Says | Question::Else | Question::Site => "No, another",
        },
    }
}

fn line(says: Says) -> &'static str {
    match says {
        Says::Unknown => "Key does not exist (400003)",
        Says::Passphrase => "Passphrase (400004)",
        Says::Signature => "Signature (400005)",
        Says::Address => "IP address (400006)",
        Says::Permission => "Permission (400007)",
        Says::Else => "Some other error",
        Says::Clock => "Timestamp (400002)",
        Says::Limits => "Too many requests (429)",
        Says::Down => "Timeout or a 5xx",
        Says::Account => "Account frozen (411100)",
        Says::Identity => "Identity check (400303)",
        Says::Region => "Region (400302)",
        Says::Other => "None of these",
        Says::Nothing => "There is no error",
        Says::Unsure => "I do not know",
    }
}

/// Somebody has begun already.
pub(super) fn resume(fix: Fix, label: Option<&Label>) -> Card {
    let title = Line::from("You are in the middle of /fix");
    let title = match label {
        Some(label) => title.text(" for ").label(label),
        None => title,
    };
    Card::new(Tone::Plain, title)
        .text(Line::from("To leave it: ").code("/cancel"))
        .button("Go on", Action::Fix { fix })
        .button("Start over", Action::Fix { fix: Fix::default() })
}

/// All at once, where there is no private chat to walk in.
pub(super) fn overview() -> Card {
    let card = Card::new(Tone::Plain, "What does your bot's last error line say?")
        .text(format!("First: {}", lower(MONEY)));
    let lines = [
        ("400003", "the key was deleted or has expired, or is of another site"),
        ("400004", "the passphrase is wrong"),
        ("400005", "the secret is wrong"),
        ("400006", "the bot's address is not on the key's list"),
        ("400007", "the key lacks a permission"),
        ("400002", "a clock is wrong"),
        ("429000", "too many requests"),
    ];
    let card = lines.into_iter().fold(card, |card, (code, cause)| {
        let line = Line::default().code(format!("/faq {code}")).text(format!(": {cause}"));
        card.item(Tone::Plain, line)
    });
    card.text("A timeout or a 5xx is the exchange or the way to it. No error at all: look at the bot's process, strategy and balance.")
}

/// The end of the tree.
pub(super) fn end(end: End, told: &Told<'_>, knowledge: &Knowledge) -> Card {
    let title = match told.reading {
        Some(reading) => Line::default().label(&reading.key.key.label).text(": "),
        None => Line::from("Cause: "),
    };
    let mut card = Card::new(tone(end), title.text(cause(end))).text(why(end, told));
    let topic = end.cause.topic();
    let entry = Topic::parse(topic).and_then(|topic| knowledge.entry(&topic));
    let own = own_steps(end.cause);
    if let Some(entry) = entry.filter(|_| own.is_empty()) {
        card = card.text(entry.answer.as_str());
    }
    if let (Cause::Permission, Some(reading)) = (end.cause, told.reading)
        && let Some(good) = &reading.key.standing.last_good
    {
        card = card.text(detail::rights(&reading, good));
    }
    card = card.steps(steps(&own, entry));
    if let Some(reading) = told.reading.filter(|_| end.cause == Cause::Address)
        && reading.key.caller.is_some()
    {
        card = card.button("Show address", Action::ShowAddress { key: reading.key.key.id.clone() });
    }
    card = card.button("Steps", Action::Steps { topic: topic.to_owned() });
    let again = if told.reading.is_some() { "Check again" } else { "Start over" };
    card = card.button(again, Action::Fix { fix: told.fix.again() });
    if end.because.is_known_by_itself() {
        let fix = Fix { aside: true, ..told.fix.again() };
        card = card.button("My bot says something else", Action::Fix { fix });
    }
    if told.reading.is_some() {
        let fix = Fix { key: Some(Which::Another), ..Fix::default() };
        card = card.button("It uses another key", Action::Fix { fix });
    }
    card
}

fn steps(own: &[&str], entry: Option<&Entry>) -> Vec<Line> {
    let entry = entry.filter(|_| own.is_empty());
    let listed = entry.into_iter().flat_map(|entry| entry.steps.iter().map(String::as_str));
    let rest: Vec<&str> = own.iter().copied().chain(listed).filter(|step| *step != MONEY).collect();
    [MONEY].into_iter().chain(rest).map(Line::from).collect()
}

fn tone(end: End) -> Tone {
    match (end.because, end.cause) {
        (Because::Likely, _) => Tone::Unknown,
        (_, Cause::Address | Cause::Clock | Cause::Down | Cause::Limits)
            if end.because.is_known_by_itself() =>
        {
            Tone::Unknown
        }
        (Because::Look | Because::Past | Because::Exchange, _) => Tone::Broken,
        (Because::Works | Because::Unbound | Because::Said, _) => Tone::Soon,
    }
}

fn cause(end: End) -> String {
    let words = match end.cause {
        Cause::Ended => "the key has expired",
        Cause::Gone => "the key was deleted or has expired",
        Cause::Site => "the bot asks another site than the key's",
        Cause::OtherExchange => "the bot asks another exchange than the key's",
        Cause::Copied => "the key in the bot is not the whole key",
        Cause::OtherKey => "the bot uses another key",
        Cause::Passphrase => "the passphrase is wrong",
        Cause::Signature => "the secret is wrong, or the bot signs wrongly",
        Cause::Address if end.because.is_known_by_itself() => {
            "this machine's address is not on the key's list"
        }
        Cause::Address => "the bot's address is not on the key's list",
        Cause::Permission => "the key lacks a permission",
        Cause::Version => "the key's format is no longer served",
        Cause::Clock if end.because.is_known_by_itself() => "this machine's clock is wrong",
        Cause::Clock => "the clock of the bot's machine is wrong",
        Cause::Down => "it is the exchange or the way to it, not the key",
        Cause::Limits => "too many requests; it is not the key",
        Cause::Account => "the account is frozen or restricted",
        Cause::Identity => "the account needs its identity check",
        Cause::Region => "the region is not served",
        Cause::Stopped => "it is not the key; look at the bot itself",
        Cause::Unlisted => "an error that /fix does not know",
        Cause::NoLine => return "only the error line can tell; find it first".to_owned(),
    };
    match end.because {
        Because::Likely => format!("most likely {words}"),
        Because::Exchange
        | Because::Look
        | Because::Past
        | Because::Works
        | Because::Unbound
        | Because::Said => words.to_owned(),
    }
}

/// Why it is concluded.
fn why(end: End, told: &Told<'_>) -> Line {
    let said: Line = match end.cause {
        Cause::Stopped => "Why: without an error the key is rarely the cause.".into(),
        Cause::Unlisted => "Why: it is none of those that I know.".into(),
        _ => "Why: that is what this error says.".into(),
    };
    let Some(reading) = told.reading else {
        return if end.because == Because::Likely { likely() } else { said };
    };
    let house = reading.house();
    let when = reading.looked_at().map(|at| ago(reading.now, at)).unwrap_or_default();
    match end.because {
        Because::Exchange => {
            let no = reading.exchange_alert().map(|alert| alert.no).unwrap_or_default();
            format!("Why: it is so for all keys of {house} here (#{no}). Do not replace a key because of it.").into()
        }
        Because::Look => looked(end.cause, told, &reading).text(after(end.cause, told, &reading)),
        Because::Past => Line::from("Why: it ").then(reading.end_line()).text("."),
        Because::Works => format!(
            "Why: {house} accepts this key from this machine (checked {when}), so what differs is on the bot's side."
        )
        .into(),
        Because::Unbound => {
            "Why: this key is bound to no address, so none can be refused for it.".into()
        }
        Because::Said => said,
        Because::Likely => likely(),
    }
}

fn likely() -> Line {
    "Not certain: it is what explains your answers most often.".into()
}

/// "Why: KuCoin said so 2 min ago (400006)."
fn looked(cause: Cause, told: &Told<'_>, reading: &Reading<'_>) -> Line {
    let house = reading.house();
    let when = reading.looked_at().map(|at| ago(reading.now, at)).unwrap_or_default();
    let code = match reading.key.standing.latest.as_ref().map(|look| &look.outcome) {
        Some(Outcome::Bad { code: Some(code), .. }) => format!(" ({})", Clean::new(code, 12)),
        Some(Outcome::Bad { code: None, .. } | Outcome::Good(_)) | None => String::new(),
    };
    match (cause, told.is_slow) {
        (Cause::Down, _) => {
            format!("Why: this machine had no good answer from {house} {when}{code}.")
        }
        (_, true) => format!("Why: {house} said so {when}{code}; it is slow to answer now."),
        (_, false) => format!("Why: {house} said so to this machine {when}{code}."),
    }
    .into()
}

/// How far that reaches.
fn after(cause: Cause, told: &Told<'_>, reading: &Reading<'_>) -> &'static str {
    let is_proven = reading.alerts().iter().any(|alert| alert.rule == Rule::Rejected);
    let beside = " Its bot runs on this machine, so it is refused too.";
    let table = [
        (Cause::Address, told.known.beside, beside),
        (Cause::Region, told.known.beside, beside),
        (Cause::Address, true, " Your bot is affected only if it uses the same address."),
        (Cause::Region, true, " Your bot is affected only if it runs in the same region."),
        (Cause::Clock, true, " Bots on this machine may be refused too."),
        (
            Cause::Gone,
            reading.key.standing.last_good.is_none(),
            " It was never accepted here: it may be mistyped here, or of another site.",
        ),
        (Cause::Gone, !is_proven, " One such answer proves little; I ask again within minutes."),
    ];
    let first = table.into_iter().find(|(of, is_so, _)| *of == cause && *is_so);
    first.map(|(_, _, words)| words).unwrap_or_default()
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

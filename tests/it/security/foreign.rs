//! What the other workspace has, and every way to name it: as an argument of a command, from the
//! table of commands, and in a button, from the type that is stored. And two answers made
//! comparable, without what differs by itself.

use keylapse::commands::{Argument, ArgumentKind, Reach, SPECS, Spec};
use keylapse::domain::card::Action;
use serde_json::{Value, json};

/// One thing of the other workspace, and two of the same shape that exist nowhere: one to be
/// compared with, one to be said before, so that what answers change once they have changed.
#[derive(Clone, Debug)]
pub struct Id {
    pub theirs: String,
    pub nowhere: String,
    pub first: String,
}

impl Id {
    pub fn of(theirs: impl Into<String>) -> Self {
        let theirs = theirs.into();
        let cut = if theirs.len() > 20 { 6 } else { 1 };
        let stem = &theirs[..theirs.len() - cut];
        let with = |c: &str| format!("{stem}{}", c.repeat(cut));
        Self { nowhere: with("7"), first: with("8"), theirs }
    }
}

/// What the other workspace has.
pub struct Theirs {
    pub key: Id,
    pub label: Id,
    pub alert: Id,
    pub number: Id,
    pub receiver: Id,
    pub name: Id,
    pub message: Id,
    pub workspace: Id,
}

impl Theirs {
    /// What is said where a command takes this kind of argument.
    pub fn said(&self, kind: ArgumentKind) -> Vec<Id> {
        let sign = |id: &Id| Id::of(format!("#{}", id.theirs));
        match kind {
            ArgumentKind::Key => vec![self.label.clone(), self.key.clone()],
            ArgumentKind::Alert => {
                vec![
                    self.number.clone(),
                    sign(&self.number),
                    self.label.clone(),
                    self.alert.clone(),
                ]
            }
            ArgumentKind::Receiver => vec![self.name.clone(), self.receiver.clone()],
            ArgumentKind::Person => vec![Id::of("1100000000000000099")],
            // These name nothing of a workspace, and must go on doing so.
            ArgumentKind::Until
            | ArgumentKind::Days
            | ArgumentKind::Text
            | ArgumentKind::Code
            | ArgumentKind::Name
            | ArgumentKind::Choice(_) => vec![self.label.clone(), self.name.clone()],
        }
    }

    /// What stands in the field of a button.
    pub fn field(&self, name: &str) -> Id {
        match name {
            "key" => self.key.clone(),
            "alert" => self.alert.clone(),
            "receiver" => self.receiver.clone(),
            "message" => self.message.clone(),
            "workspace" => self.workspace.clone(),
            // An outline of a question, in words of the FAQ.
            "topic" | "words" => self.label.clone(),
            "from" => Id {
                theirs: "critical".into(),
                nowhere: "critical".into(),
                first: "critical".into(),
            },
            other => panic!("a button holds {other}: say here what it is in another workspace"),
        }
    }
}

/// The kinds of buttons, as the type itself lists them.
pub fn kinds() -> Vec<String> {
    let error = serde_json::from_value::<Action>(json!({"do": "?"})).unwrap_err().to_string();
    let kinds: Vec<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(kinds.len() >= 20, "{error}");
    kinds
}

/// A button of this kind that names things of the other workspace (`theirs`) or of none.
pub fn button(kind: &str, theirs: &Theirs, which: fn(Id) -> String) -> Action {
    let mut told = json!({"do": kind});
    loop {
        let error = match serde_json::from_value::<Action>(told.clone()) {
            Ok(action) => return action,
            Err(error) => error.to_string(),
        };
        assert!(error.starts_with("missing field"), "{kind}: {error}");
        let field = error.split('`').nth(1).expect("a field").to_owned();
        told[&field] = match field.as_str() {
            "fix" => json!({"key": {"watched": which(theirs.key.clone())}}),
            _ => which(theirs.field(&field)).into(),
        };
    }
}

/// A command filled in; `None` stands where an id goes.
pub type Shape = Vec<(&'static Argument, Option<&'static str>)>;

/// Ways to fill in a command in which one argument is an id, each with the kind of that argument.
pub fn shapes(spec: &'static Spec) -> Vec<(Shape, ArgumentKind)> {
    let mut shapes = Vec::new();
    for target in spec.arguments {
        let mut open = vec![Shape::new()];
        for argument in spec.arguments {
            if argument == target {
                for shape in &mut open {
                    shape.push((argument, None));
                }
            } else if let ArgumentKind::Choice(words) = argument.kind {
                let with = |word: &&'static str| {
                    let word = *word;
                    open.iter().map(move |shape| [&shape[..], &[(argument, Some(word))]].concat())
                };
                let more: Vec<_> = words.iter().flat_map(with).collect();
                open.extend(more);
            }
        }
        shapes.extend(open.into_iter().map(|shape| (shape, target.kind)));
    }
    shapes
}

pub fn typed() -> impl Iterator<Item = &'static Spec> {
    SPECS.iter().filter(|spec| matches!(spec.reach, Reach::Typed(_)))
}

/// A body without the id itself, the tokens of buttons and links, and the times of A's own data.
pub fn alike(body: &Value, id: &str) -> String {
    let mut body = body.clone();
    strip(&mut body, id);
    body.to_string()
}

fn strip(value: &mut Value, id: &str) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    "callback_data" | "custom_id" | "callback_query_id" | "reply_parameters"
                    | "message_id" => {
                        *field = Value::Null;
                    }
                    "url" => *field = field.as_str().unwrap_or_default().split("a_").next().into(),
                    _ => strip(field, id),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| strip(one, id)),
        // Short ids would be found in anything.
        Value::String(text) if id.len() > 3 => *text = timeless(&text.replace(id, "ID")),
        Value::String(text) => *text = timeless(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Without "3 min", "14:02" and Discord's moments.
pub fn timeless(text: &str) -> String {
    text.split('\n').map(timeless_line).collect::<Vec<_>>().join("\n")
}

fn timeless_line(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let unit = |word: Option<&&str>| {
        word.is_some_and(|word| {
            ["s", "min", "h", "day", "days"]
                .contains(&word.trim_matches(|c: char| !c.is_alphabetic()))
        })
    };
    let same = |(n, word): (usize, &&str)| match word.split_once(':') {
        Some((hour, minute))
            if is_number(hour) && minute.bytes().take(2).all(|b| b.is_ascii_digit()) =>
        {
            "TIME".to_owned()
        }
        _ if is_number(word) && unit(words.get(n + 1)) => "N".to_owned(),
        _ if unit(Some(word)) && n > 0 && is_number(words[n - 1]) => "UNITS".to_owned(),
        _ => (*word).to_owned(),
    };
    words.iter().enumerate().map(same).collect::<Vec<_>>().join(" ")
}

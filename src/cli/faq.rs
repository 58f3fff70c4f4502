//! `keylapse faq`: the same answers as in chat, for people, for programs (`--json`) and for many
//! questions at once (`--batch`), the operator's own entries included. Writes nothing.

use clap::Args;
use serde_json::Value;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::{entries, open};
use crate::config::Flags;
use crate::domain::leak::Pasted;
use crate::knowledge::{Answer, Entry, Knowledge, to_json};

/// What is asked.
#[derive(Args, Clone, Debug)]
pub struct FaqArgs {
    /// The question, or the last line of an error
    #[arg(required_unless_present = "batch")]
    question: Vec<String>,
    /// One JSON object: query, answered, results
    #[arg(long)]
    json: bool,
    /// One question a line on the input (a JSON string, or an object with query), one JSON object a line out
    #[arg(long, conflicts_with = "question")]
    batch: bool,
}

/// Runs the subcommand.
pub fn run(args: &FaqArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    // Settings that are broken are somebody else's question.
    let knowledge = match open::load(flags) {
        Ok(config) => entries::knowledge(&config)?,
        Err(_) => Knowledge::embedded(),
    };
    if args.batch {
        return batch(&knowledge, terminal);
    }
    let question = args.question.join(" ");
    if !args.json {
        refuse_pasted(&question)?;
    }
    // The id of an entry, as "Is it one of these?" offers it, is that entry.
    if let (false, Some(entry)) = (args.json, knowledge.named(question.trim())) {
        for line in full(entry) {
            terminal.say(line)?;
        }
        return Ok(());
    }
    let answer = knowledge.lookup(&question);
    if args.json {
        return terminal.say_json(&to_json(&question, &answer));
    }
    for line in lines(&knowledge, &answer) {
        terminal.say(line)?;
    }
    Ok(())
}

/// A secret in a question is warned of before anything else; a program's question is data.
fn refuse_pasted(question: &str) -> Result<(), Failure> {
    match Pasted::of(question) {
        Pasted::Nothing => Ok(()),
        Pasted::Perhaps => refused(
            "That looks like a key or secret, so it was not searched: if it is one, delete that key at KuCoin and this line from the shell's history; if it is an order's number, ask again without it.",
        ),
        Pasted::Certain => refused(
            "That is a secret: delete its key at the exchange now, then this line from the shell's history; keylapse faq compromised has the steps.",
        ),
    }
}

fn batch(knowledge: &Knowledge, terminal: &mut Terminal) -> Result<(), Failure> {
    for at in 1_u64.. {
        let Some(line) = terminal.next_line()? else { break };
        if line.trim().is_empty() {
            continue;
        }
        let Some(query) = query_of(&line) else {
            return refused(format!(
                "Line {at} is no question: write a JSON string, or an object with query."
            ));
        };
        terminal.say_json(&to_json(&query, &knowledge.lookup(&query)))?;
    }
    Ok(())
}

fn query_of(line: &str) -> Option<String> {
    match serde_json::from_str(line).ok()? {
        Value::String(query) => Some(query),
        Value::Object(mut object) => match object.remove("query")? {
            Value::String(query) => Some(query),
            _ => None,
        },
        _ => None,
    }
}

fn lines(knowledge: &Knowledge, answer: &Answer) -> Vec<String> {
    let offered: Vec<String> = answer
        .offered()
        .filter_map(|topic| knowledge.entry(&topic))
        .map(|entry| format!("{}: keylapse faq {}", entry.title, entry.id))
        .collect();
    let opening = answer.opening.map(str::to_owned).into_iter();
    let Some(entry) = knowledge.page(answer) else {
        let head = if offered.is_empty() {
            "I know about exchange API keys: expiry, errors, safety. Ask about one of these, or paste the last line of an error."
        } else {
            "Is it one of these?"
        };
        let opening = opening.take(usize::from(!offered.is_empty()));
        return opening.chain([head.to_owned()]).chain(offered).collect();
    };
    let mut lines: Vec<String> = opening.chain(full(&entry)).collect();
    if !offered.is_empty() {
        lines.extend([String::new(), "Most likely that is meant. If not, perhaps:".to_owned()]);
        lines.extend(offered);
    }
    lines
}

fn full(entry: &Entry) -> Vec<String> {
    let steps = entry.steps.iter().enumerate().map(|(at, step)| format!("{}. {step}", at + 1));
    [entry.title.clone(), String::new(), entry.answer.clone()]
        .into_iter()
        .chain(steps)
        .chain(entry.notes.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_string_or_an_object_with_a_query() {
        assert_eq!(query_of("\"400003\"\n").as_deref(), Some("400003"));
        assert_eq!(query_of("{\"query\": \"a\\nb\", \"id\": 1}").as_deref(), Some("a\nb"));
        for bad in ["400003", "bare words", "{\"q\": \"x\"}", "[\"x\"]", "{\"query\": 1}"] {
            assert_eq!(query_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_offered_topic_leads_to_its_entry() {
        let knowledge = Knowledge::embedded();
        for entry in knowledge.entries() {
            let found = knowledge.lookup(entry.id.as_str());
            let near = found.results.first().map(|hit| hit.topic);
            assert!(near.is_some(), "{}", entry.id);
        }
    }
}

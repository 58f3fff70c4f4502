//! The document: a chapter a kind of message, each message as read and as sent. Ids that differ
//! from run to run are numbered by their place in the message; nothing else is changed.

use std::fmt::Write as _;

use serde_json::Value;

use super::album::Shot;
use super::reading;
use super::stand::{BOT, Heard, private};
use crate::chat::console::render;
use crate::chat::wall::Wall;
use crate::chat::{discord, telegram};
use crate::commands::Place;
use crate::domain::card::Card;
use crate::domain::receiver::Platform;
use crate::domain::text::steers;

/// One message as three platforms show it.
pub struct Scene {
    /// What it is.
    pub name: String,
    /// When it comes, in a sentence.
    pub when: &'static str,
    pictures: Vec<Picture>,
}

/// One message on one platform.
struct Picture {
    platform: Platform,
    /// What is called, in the platform's words.
    call: &'static str,
    reading: String,
    /// Nothing for the terminal, which is sent what is read.
    body: Option<Value>,
}

/// A value that is printed on one line when it is no longer than this.
const LINE: usize = 100;

impl Scene {
    /// What was told, on each platform that was; the newest of several counts.
    pub fn told(name: impl Into<String>, when: &'static str, shots: &[Shot]) -> Self {
        let order = [Platform::Telegram, Platform::Discord, Platform::Console];
        let newest = |platform| shots.iter().rev().find(move |shot| shot.to.platform == platform);
        let pictures = order.into_iter().filter_map(newest).filter_map(told).collect();
        Self { name: name.into(), when, pictures }
    }

    /// What was answered.
    pub fn answered(name: impl Into<String>, when: &'static str, heard: &[Heard]) -> Self {
        Self { name: name.into(), when, pictures: heard.iter().flat_map(answered).collect() }
    }

    /// What stands in a Telegram group instead of an answer that is for one person alone.
    pub fn pointed(name: &str, when: &'static str, to: &Place, wall: Wall) -> Self {
        let body = telegram::preview::pointer(&to.address(), wall, BOT);
        let picture = body.map(|body| picture(Platform::Telegram, "sendMessage", body, wall));
        Self { name: name.to_owned(), when, pictures: picture.into_iter().collect() }
    }

    /// Whether anything is to be seen.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// The scene as Markdown.
    pub fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "### {}\n\n{}\n", self.name, self.when)?;
        if let Some(first) = self.pictures.first() {
            writeln!(out, "Preview: `{}`\n", reading::preview(&first.reading))?;
        }
        let (mut folded, mut last) = (Vec::new(), None::<&Picture>);
        for picture in &self.pictures {
            match last {
                _ if picture.body.is_none() && self.pictures.len() > 1 => folded.push(picture),
                Some(last) if reading::is_same(&last.reading, &picture.reading) => {
                    writeln!(out, "The same on {}.\n", picture.platform.name())?;
                }
                _ => writeln!(
                    out,
                    "{}\n\n{}",
                    picture.platform.name(),
                    fenced("text", &picture.reading)
                )?,
            }
            last = Some(picture);
        }
        let sent = self.pictures.iter().filter_map(|one| Some((one, one.body.as_ref()?)));
        let sent: Vec<_> = sent.collect();
        if sent.is_empty() && folded.is_empty() {
            return Ok(());
        }
        writeln!(out, "<details><summary>As sent</summary>\n")?;
        for (picture, body) in sent {
            let call = picture.call;
            let name = picture.platform.name();
            writeln!(out, "{name}, `{call}`\n\n{}", fenced("json", &json(body, 0)))?;
        }
        for picture in folded {
            writeln!(out, "{}\n\n{}", picture.platform.name(), fenced("text", &picture.reading))?;
        }
        writeln!(out, "</details>\n")
    }
}

fn fenced(kind: &str, text: &str) -> String {
    format!("```{kind}\n{text}\n```\n")
}

fn told(shot: &Shot) -> Option<Picture> {
    let (post, platform) = (&shot.post, shot.to.platform);
    let wall = Wall { zone: post.zone, now: post.now };
    let (call, body) = match (platform, shot.is_edit) {
        (Platform::Telegram, false) => {
            ("sendMessage", telegram::preview::post(&shot.to, post, BOT)?)
        }
        (Platform::Telegram, true) => {
            ("editMessageText", telegram::preview::edit(&shot.to, post, BOT)?)
        }
        (Platform::Discord, false) => ("create message", discord::preview::post(post)?),
        (Platform::Discord, true) => ("edit message", discord::preview::edit(post)?),
        (Platform::Console, _) => return Some(printed(std::slice::from_ref(&post.card), wall)),
    };
    Some(picture(platform, call, body, wall))
}

/// An answer; on Telegram a card is a message, and in a group what does not fit a pop-up opens in
/// the asker's private chat.
fn answered(heard: &Heard) -> Vec<Picture> {
    let Heard { place, reply, buttons, wall } = heard;
    let shown =
        |call, body: Option<Value>| body.map(|body| picture(place.platform, call, body, *wall));
    match place.platform {
        Platform::Console => vec![printed(&reply.cards, *wall)],
        Platform::Discord => {
            let body = discord::preview::answer(reply, buttons, *wall);
            shown("interaction response", body).into_iter().collect()
        }
        Platform::Telegram => {
            let in_company = reply.private && !place.private;
            let popup = telegram::preview::popup(reply, *wall).filter(|_| in_company);
            if let Some(picture) = shown("answerCallbackQuery", popup) {
                return vec![picture];
            }
            let to = if in_company { private().address() } else { place.address() };
            let cards = reply.cards.iter().enumerate().filter_map(|(n, card)| {
                let ids = buttons.get(n).map_or(&[][..], Vec::as_slice);
                shown("sendMessage", telegram::preview::answer(&to, (card, ids), *wall, BOT))
            });
            cards.collect()
        }
    }
}

fn picture(platform: Platform, call: &'static str, mut body: Value, wall: Wall) -> Picture {
    number(&mut body, &mut 0);
    let reading = match platform {
        Platform::Discord => reading::discord(&body, wall.zone),
        Platform::Telegram | Platform::Console => reading::telegram(&body),
    };
    Picture { platform, call, reading, body: Some(body) }
}

fn printed(cards: &[Card], wall: Wall) -> Picture {
    let mut lines = Vec::new();
    for card in cards {
        lines.extend(render::card(card, wall, render::WIDTH));
        let labels: Vec<(u32, &str)> =
            (1..).zip(card.buttons.iter().map(|button| button.label.as_str())).collect();
        if !labels.is_empty() {
            lines.extend(render::choices(&labels, render::WIDTH));
        }
    }
    let platform = Platform::Console;
    Picture { platform, call: "", reading: lines.join("\n"), body: None }
}

/// Replaces what differs from run to run: ids of buttons and of the message.
fn number(value: &mut Value, buttons: &mut usize) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| number(item, buttons)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "callback_data" | "custom_id" => {
                        *buttons += 1;
                        *value = Value::from(format!("button-{buttons}"));
                    }
                    "nonce" => *value = Value::from("message-1"),
                    _ => number(value, buttons),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// JSON with sorted names and short values on one line; what no eye sees is escaped.
fn json(value: &Value, depth: usize) -> String {
    let short = compact(value);
    if short.chars().count() <= LINE {
        return short;
    }
    let (inner, outer) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    let (parts, open, close): (Vec<String>, _, _) = match value {
        Value::Array(items) => (items.iter().map(|item| json(item, depth + 1)).collect(), '[', ']'),
        Value::Object(fields) => {
            let part = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), json(value, depth + 1))
            };
            let mut parts: Vec<String> = fields.iter().map(part).collect();
            parts.sort();
            (parts, '{', '}')
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return short,
    };
    let parts: Vec<String> = parts.iter().map(|part| format!("{inner}{part}")).collect();
    format!("{open}\n{}\n{outer}{close}", parts.join(",\n"))
}

fn compact(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(compact).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let part = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), compact(value))
            };
            let mut parts: Vec<String> = fields.iter().map(part).collect();
            parts.sort();
            format!("{{{}}}", parts.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let escape = |c: char| {
                if steers(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
            };
            value.to_string().chars().map(escape).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_numbered_and_invisible_signs_are_escaped() {
        let mut body = json!({"nonce": "01jdxq", "text": "a\u{2060}b", "rows": [
            {"callback_data": "x"}, {"custom_id": "y"}]});
        number(&mut body, &mut 0);
        assert_eq!(
            json(&body, 0),
            "{\n  \"nonce\": \"message-1\",\n  \"rows\": [{\"callback_data\": \"button-1\"}, {\"custom_id\": \"button-2\"}],\n  \"text\": \"a\\u2060b\"\n}"
        );
        let long = json!({"text": "x".repeat(LINE), "a": [1, 2]});
        assert_eq!(
            json(&long, 0),
            format!("{{\n  \"a\": [1, 2],\n  \"text\": \"{}\"\n}}", "x".repeat(LINE))
        );
    }
}

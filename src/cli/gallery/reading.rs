//! What a person reads, made from the very body that is sent: markup, mentions and moments resolved
//! as the apps resolve them, buttons in brackets. It knows nothing of cards, so that what a
//! renderer gets wrong is seen.

use chrono::DateTime;
use chrono_tz::Tz;
use serde_json::Value;

/// A push preview shows about so many characters.
const PREVIEW: usize = 40;

/// A Telegram body: its text as the app shows it, and its buttons.
pub fn telegram(body: &Value) -> String {
    let text = body["text"].as_str().unwrap_or_default();
    let mut out = if body["parse_mode"] == "HTML" { unmarked(text) } else { text.to_owned() };
    for row in body["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten() {
        push_row(&mut out, row.as_array().into_iter().flatten().map(|button| &button["text"]));
    }
    visible(&out)
}

/// A Discord message, or the one inside an answer to an interaction; moments in `zone`.
pub fn discord(body: &Value, zone: Tz) -> String {
    let message = body.get("data").unwrap_or(body);
    let mut parts = vec![message["content"].as_str().unwrap_or_default()];
    for embed in message["embeds"].as_array().into_iter().flatten() {
        parts.extend(["title", "description"].map(|part| embed[part].as_str().unwrap_or_default()));
    }
    parts.retain(|part| !part.is_empty());
    let mut out = unescaped(&parts.join("\n"), zone);
    for row in message["components"].as_array().into_iter().flatten() {
        let buttons = row["components"].as_array().into_iter().flatten();
        push_row(&mut out, buttons.map(|button| &button["label"]));
    }
    visible(&out)
}

/// The first characters, as a locked phone shows them.
pub fn preview(reading: &str) -> String {
    let line = reading.replace('\n', " ").replace('\u{FE0E}', "");
    line.chars().take(PREVIEW).collect::<String>().trim_end().to_owned()
}

/// Whether two readings differ in nothing but whom they call and how their buttons stand.
pub fn is_same(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let text =
            text.replace("\n@ann_trades", "").replace(" @traders", "").replace("@keylapse_bot", "");
        text.replace("]\n[", "] [").replace("\n\n", "\n")
    };
    bare(one) == bare(other)
}

fn push_row<'a>(out: &mut String, labels: impl Iterator<Item = &'a Value>) {
    let labels = labels.filter_map(Value::as_str).map(|label| format!("[{label}]"));
    out.push('\n');
    out.push_str(&labels.collect::<Vec<_>>().join(" "));
}

/// Without what no eye sees: word joiners and zero-width spaces that keep foreign words dead.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{2060}' | '\u{200B}')).collect()
}

/// Telegram's HTML without its marks.
fn unmarked(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Discord's text without escapes and code marks, its moments and mentions as words.
fn unescaped(text: &str, zone: Tz) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let mut chars = rest.chars();
                out.extend(chars.next());
                rest = chars.as_str();
            }
            '`' => {}
            '<' => match rest.split_once('>') {
                Some((inside, after)) => {
                    out.push_str(&token(inside, zone));
                    rest = after;
                }
                None => out.push(c),
            },
            c => out.push(c),
        }
    }
    out
}

/// What stands between Discord's angle brackets.
fn token(inside: &str, zone: Tz) -> String {
    if inside.starts_with("@&") {
        return "@traders".to_owned();
    }
    let mut parts = inside.split(':');
    let moment = match (parts.next(), parts.next(), parts.next()) {
        (Some("t"), Some(at), style) => at.parse().ok().and_then(|at| {
            let at = DateTime::from_timestamp(at, 0)?.with_timezone(&zone);
            let format = match style {
                Some("t") => "%H:%M",
                Some("D") => "%-d %B %Y",
                _ => "%-d %B %Y %H:%M",
            };
            Some(at.format(format).to_string())
        }),
        _ => None,
    };
    moment.unwrap_or_else(|| format!("<{inside}>"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_read_as_the_app_shows_it() {
        let body = json!({"parse_mode": "HTML", "text": "<b>a &lt;b&gt; @\u{2060}x</b>\n<code>/faq</code>",
            "reply_markup": {"inline_keyboard": [[{"text": "One"}, {"text": "Two"}], [{"text": "Three"}]]}});
        assert_eq!(telegram(&body), "a <b> @x\n/faq\n[One] [Two]\n[Three]");
        let answer = json!({"type": 4, "data": {"embeds": [{"title": "mm\\_bot <@&1>",
            "description": "`/faq` at <t:1795438500:t>, <t:1795438500:D>\n@\u{200B}here"}]}});
        let zone = Tz::Europe__Berlin;
        assert_eq!(
            discord(&answer, zone),
            "mm_bot @traders\n/faq at 13:55, 23 November 2026\n@here"
        );
    }

    #[test]
    fn a_preview_is_forty_characters_of_one_line() {
        assert_eq!(preview("\u{2716}\u{FE0E} a\nb"), "\u{2716} a b");
        assert_eq!(preview(&"x".repeat(50)).len(), 40);
    }
}

//! What Discord takes and what it refuses, as its documentation says (API v10). Each function
//! answers with everything that is wrong; the fake then refuses with 50035 and keeps the list.
//! One rule is ours: every message says whom it may mention, and that is never a whole group.

use std::collections::BTreeSet;

use serde_json::Value;

/// Where a message body stands.
#[derive(Clone, Copy, PartialEq)]
pub enum Body {
    Create,
    Edit,
    Callback,
    WebhookEdit,
}

/// What is wrong with a message.
pub fn message(body: &Value, kind: Body) -> Vec<String> {
    let mut wrong = Vec::new();
    let fields: &[&str] = match kind {
        Body::Create => &[
            "content",
            "embeds",
            "allowed_mentions",
            "sticker_ids",
            "components",
            "flags",
            "attachments",
            "poll",
            "message_reference",
            "nonce",
            "enforce_nonce",
            "tts",
        ],
        Body::Edit => {
            &["content", "embeds", "flags", "allowed_mentions", "components", "attachments"]
        }
        Body::Callback => &[
            "tts",
            "content",
            "embeds",
            "allowed_mentions",
            "flags",
            "components",
            "attachments",
            "poll",
        ],
        Body::WebhookEdit => {
            &["content", "embeds", "allowed_mentions", "components", "attachments", "poll", "flags"]
        }
    };
    only(body, fields, "message", &mut wrong);
    let content = body["content"].as_str().unwrap_or_default();
    if content.chars().count() > 2_000 {
        wrong.push("content: longer than 2000".to_owned());
    }
    let embeds = body["embeds"].as_array().cloned().unwrap_or_default();
    if content.is_empty() && embeds.is_empty() {
        wrong.push("50006: an empty message".to_owned());
    }
    check_embeds(&embeds, &mut wrong);
    check_rows(&body["components"], &mut wrong);
    check_mentions(body, content, &mut wrong);
    if let Some(nonce) = body["nonce"].as_str()
        && nonce.chars().count() > 25
    {
        wrong.push("nonce: longer than 25".to_owned());
    }
    let allowed: u64 = match kind {
        Body::Create => (1 << 2) | (1 << 12),
        Body::Callback => (1 << 2) | (1 << 6) | (1 << 12),
        Body::Edit | Body::WebhookEdit => 1 << 2,
    };
    let flags = body["flags"].as_u64().unwrap_or(0);
    if flags & !allowed != 0 {
        wrong.push(format!("flags: {flags} cannot be set here"));
    }
    wrong
}

fn only(value: &Value, fields: &[&str], place: &str, wrong: &mut Vec<String>) {
    let Some(map) = value.as_object() else {
        wrong.push(format!("{place}: no object"));
        return;
    };
    for name in map.keys().filter(|name| !fields.contains(&name.as_str())) {
        wrong.push(format!("{place}: unknown field {name}"));
    }
}

fn check_embeds(embeds: &[Value], wrong: &mut Vec<String>) {
    if embeds.len() > 10 {
        wrong.push("embeds: more than 10".to_owned());
    }
    let mut total = 0;
    for embed in embeds {
        let known = [
            "type",
            "url",
            "title",
            "color",
            "timestamp",
            "description",
            "author",
            "image",
            "thumbnail",
            "footer",
            "fields",
        ];
        only(embed, &known, "embed", wrong);
        for (name, most) in [("title", 256), ("description", 4_096)] {
            let length = embed[name].as_str().unwrap_or_default().chars().count();
            total += length;
            if length > most {
                wrong.push(format!("embed {name}: longer than {most}"));
            }
        }
        let is_bare = embed["title"].as_str().unwrap_or_default().is_empty()
            && embed["description"].as_str().unwrap_or_default().is_empty();
        if is_bare {
            wrong.push("embed: nothing in it".to_owned());
        }
        if embed["color"].as_u64().unwrap_or(0) > 0xFF_FFFF {
            wrong.push("embed color: out of range".to_owned());
        }
        for field in embed["fields"].as_array().into_iter().flatten() {
            for (name, most) in [("name", 256), ("value", 1_024)] {
                let length = field[name].as_str().unwrap_or_default().chars().count();
                total += length;
                if !(1..=most).contains(&length) {
                    wrong.push(format!("embed field {name}: not 1 to {most}"));
                }
            }
        }
    }
    if total > 6_000 {
        wrong.push("embeds: more than 6000 together".to_owned());
    }
}

fn check_rows(components: &Value, wrong: &mut Vec<String>) {
    let rows = components.as_array().cloned().unwrap_or_default();
    if rows.len() > 5 {
        wrong.push("components: more than 5 rows".to_owned());
    }
    let mut ids = BTreeSet::new();
    for row in &rows {
        only(row, &["type", "components"], "row", wrong);
        let buttons = row["components"].as_array().cloned().unwrap_or_default();
        if row["type"] != 1 || !(1..=5).contains(&buttons.len()) {
            wrong.push("row: not a row of 1 to 5".to_owned());
        }
        for button in &buttons {
            only(
                button,
                &["type", "custom_id", "style", "label", "disabled", "emoji"],
                "button",
                wrong,
            );
            let id = button["custom_id"].as_str().unwrap_or_default();
            let label = button["label"].as_str().unwrap_or_default();
            if button["type"] != 2 || !(1..=4).contains(&button["style"].as_u64().unwrap_or(0)) {
                wrong.push("button: unknown type or style".to_owned());
            }
            if !(1..=100).contains(&id.chars().count()) || !ids.insert(id.to_owned()) {
                wrong.push(format!("button custom_id: not 1 to 100, or twice ({id})"));
            }
            if !(1..=80).contains(&label.chars().count()) {
                wrong.push(format!("button label: not 1 to 80 ({label})"));
            }
        }
    }
}

fn check_mentions(body: &Value, content: &str, wrong: &mut Vec<String>) {
    let allowed = &body["allowed_mentions"];
    if allowed["parse"].as_array().is_none_or(|parse| !parse.is_empty()) {
        wrong.push("allowed_mentions: parse [] is not there".to_owned());
        return;
    }
    only(allowed, &["parse", "users", "roles", "replied_user"], "allowed_mentions", wrong);
    for (field, start) in [("roles", "<@&"), ("users", "<@")] {
        for id in allowed[field].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !content.contains(&format!("{start}{id}>")) {
                wrong.push(format!("allowed_mentions: {id} is not mentioned"));
            }
        }
    }
}

/// What is wrong with a set of commands.
pub fn commands(set: &Value, is_global: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(list) = set.as_array() else { return vec!["commands: no list".to_owned()] };
    let mut names = BTreeSet::new();
    for command in list {
        let known = [
            "id",
            "name",
            "name_localizations",
            "description",
            "description_localizations",
            "options",
            "default_member_permissions",
            "dm_permission",
            "contexts",
            "integration_types",
            "type",
            "nsfw",
        ];
        only(command, &known, "command", &mut wrong);
        let (kind, name) =
            (command["type"].as_u64().unwrap_or(1), command["name"].as_str().unwrap_or_default());
        if !names.insert((kind, name.to_owned())) {
            wrong.push(format!("command {name}: twice"));
        }
        if kind == 1 {
            check_name(name, "command", &mut wrong);
            check_words(&command["description"], name, &mut wrong);
        } else if !(1..=32).contains(&name.chars().count()) || command.get("description").is_some()
        {
            wrong.push(format!("command {name}: name not 1 to 32, or a description"));
        }
        if !is_global
            && (command.get("contexts").is_some() || command.get("integration_types").is_some())
        {
            wrong.push(format!("command {name}: contexts are for global commands"));
        }
        let options = command["options"].as_array().cloned().unwrap_or_default();
        if options.len() > 25 {
            wrong.push(format!("command {name}: more than 25 options"));
        }
        let mut may_be_required = true;
        for option in &options {
            let name = option["name"].as_str().unwrap_or_default();
            check_name(name, "option", &mut wrong);
            check_words(&option["description"], name, &mut wrong);
            let is_required = option["required"] == true;
            if is_required && !may_be_required {
                wrong.push(format!("option {name}: required after optional"));
            }
            may_be_required &= is_required;
            if option["max_length"].as_u64().is_some_and(|most| !(1..=6_000).contains(&most)) {
                wrong.push(format!("option {name}: max_length"));
            }
        }
    }
    wrong
}

fn check_name(name: &str, what: &str, wrong: &mut Vec<String>) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if !(1..=32).contains(&name.chars().count()) || !name.chars().all(fits) {
        wrong.push(format!("{what} {name}: no such name"));
    }
}

fn check_words(words: &Value, name: &str, wrong: &mut Vec<String>) {
    if !(1..=100).contains(&words.as_str().unwrap_or_default().chars().count()) {
        wrong.push(format!("{name}: description not 1 to 100"));
    }
}

/// What is wrong with choices for a form.
pub fn choices(data: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    only(data, &["choices"], "autocomplete", &mut wrong);
    let list = data["choices"].as_array().cloned().unwrap_or_default();
    if list.len() > 25 {
        wrong.push("choices: more than 25".to_owned());
    }
    for choice in &list {
        for part in ["name", "value"] {
            if !(1..=100).contains(&choice[part].as_str().unwrap_or_default().chars().count()) {
                wrong.push(format!("choice {part}: not 1 to 100"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_fake_refuses_what_discord_refuses() {
        let good = || json!({"embeds": [{"title": "t", "type": "rich"}], "allowed_mentions": {"parse": []}});
        assert_eq!(message(&good(), Body::Create), Vec::<String>::new());
        let button = |id: &str| json!({"type": 2, "style": 2, "custom_id": id, "label": "x"});
        let spoilt: [(&str, Value); 12] = [
            ("unknown field", json!({"mystery": 1})),
            ("parse []", json!({"allowed_mentions": {"parse": ["everyone"]}})),
            ("parse []", json!({"allowed_mentions": null})),
            ("is not mentioned", json!({"allowed_mentions": {"parse": [], "roles": ["5"]}})),
            ("2000", json!({"content": "x".repeat(2_001)})),
            ("256", json!({"embeds": [{"title": "x".repeat(257)}]})),
            ("4096", json!({"embeds": [{"description": "x".repeat(4_097)}]})),
            (
                "6000",
                json!({"embeds": [{"description": "x".repeat(3_500)}, {"description": "x".repeat(3_500)}]}),
            ),
            ("empty", json!({"embeds": []})),
            (
                "twice",
                json!({"components": [{"type": 1, "components": [button("a"), button("a")]}]}),
            ),
            ("1 to 5", json!({"components": [{"type": 1, "components": []}]})),
            ("cannot be set", json!({"flags": 64})),
        ];
        for (part, change) in spoilt {
            let mut body = good();
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let wrong = message(&body, Body::Create);
            assert!(wrong.iter().any(|one| one.contains(part)), "{part}: {wrong:?}");
        }
        let command = json!([{"name": "Big", "description": "", "type": 1}, {"name": "a", "type": 3, "description": "x"}]);
        assert_eq!(commands(&command, true).len(), 3);
    }
}

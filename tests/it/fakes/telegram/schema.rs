//! Requests held against the published description of the Bot API (tests/data): a field that it
//! does not know, a wrong type or a missing field is a failure, although the real server forgives
//! some of that.

use std::sync::LazyLock;

use serde_json::Value;

static SPEC: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/telegram-bot-api.json")).expect("the excerpt")
});

/// The method's name as the documentation writes it; case does not matter.
pub fn method(name: &str) -> Option<&'static str> {
    let methods = SPEC["methods"].as_object().expect("methods");
    methods.keys().find(|known| known.eq_ignore_ascii_case(name)).map(String::as_str)
}

/// What is wrong with a request's body.
pub fn faults(method: &str, body: &Value) -> Vec<String> {
    let mut out = Vec::new();
    fields(&SPEC["methods"][method], body, method, &mut out);
    out
}

fn fields(known: &Value, body: &Value, place: &str, out: &mut Vec<String>) {
    let Some(body) = body.as_object() else {
        out.push(format!("{place}: no object"));
        return;
    };
    for (name, value) in body {
        match known.get(name) {
            None => out.push(format!("{place}.{name}: unknown field")),
            Some(field) => {
                let types = field["types"].as_array().expect("types");
                let mut best: Option<Vec<String>> = None;
                for kind in types {
                    let mut found = Vec::new();
                    check(
                        kind.as_str().expect("a name"),
                        value,
                        &format!("{place}.{name}"),
                        &mut found,
                    );
                    if best.as_ref().is_none_or(|best| found.len() < best.len()) {
                        best = Some(found);
                    }
                }
                out.extend(best.unwrap_or_default());
            }
        }
    }
    for (name, field) in known.as_object().expect("fields") {
        if field["required"] == true && body.get(name).is_none_or(Value::is_null) {
            out.push(format!("{place}.{name}: missing"));
        }
    }
}

fn check(kind: &str, value: &Value, place: &str, out: &mut Vec<String>) {
    if let Some(inner) = kind.strip_prefix("Array of ") {
        match value.as_array() {
            None => out.push(format!("{place}: no array")),
            Some(items) => {
                for (n, item) in items.iter().enumerate() {
                    check(inner, item, &format!("{place}/{n}"), out);
                }
            }
        }
        return;
    }
    let fits = match kind {
        "Integer" => value.is_i64() || value.is_u64(),
        "String" => value.is_string(),
        "Boolean" => value.is_boolean(),
        _ => return object(kind, value, place, out),
    };
    if !fits {
        out.push(format!("{place}: no {kind}"));
    }
}

fn object(kind: &str, value: &Value, place: &str, out: &mut Vec<String>) {
    let spec = &SPEC["types"][kind];
    if let Some(subtypes) = spec["subtypes"].as_array() {
        let fits = subtypes.iter().any(|sub| {
            let mut found = Vec::new();
            object(sub.as_str().expect("a name"), value, place, &mut found);
            found.is_empty()
        });
        if !fits {
            out.push(format!("{place}: no {kind}"));
        }
        return;
    }
    if spec.is_null() {
        out.push(format!("{place}: {kind} is not in the excerpt"));
        return;
    }
    fields(&spec["fields"], value, place, out);
    if kind == "InlineKeyboardButton" {
        let actions = ["url", "callback_data"].iter().filter(|name| value.get(**name).is_some());
        if actions.count() != 1 {
            out.push(format!("{place}: a button does exactly one thing"));
        }
    }
}

#[test]
fn unknown_missing_and_wrong_fields_are_found() {
    let bad = serde_json::json!({"chat_id": 1.5, "text": 7, "colour": "red", "reply_markup":
        {"inline_keyboard": [[{"text": "a"}]]}});
    let found = faults("sendMessage", &bad).join("; ");
    for part in ["chat_id: no", "text: no String", "colour: unknown", "exactly one thing"] {
        assert!(found.contains(part), "{part} is not in {found}");
    }
    assert!(
        faults("sendMessage", &serde_json::json!({"chat_id": 1}))
            .concat()
            .contains("text: missing")
    );
    assert_eq!(
        faults("sendMessage", &serde_json::json!({"chat_id": 1, "text": "a"})),
        Vec::<String>::new()
    );
}

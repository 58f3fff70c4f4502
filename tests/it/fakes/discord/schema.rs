//! Requests held against Discord's own `OpenAPI` document (tests/data): a call that it does not know,
//! an unknown field or query parameter, a wrong type or length is a complaint. It reads the words of
//! JSON Schema that the excerpt uses and panics at any other, so that none is passed over. A whole
//! validator would bring more crates than the program has for HTTP.

use std::sync::LazyLock;

use serde_json::Value;

static SPEC: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/discord-openapi.json")).expect("the excerpt")
});

/// Described in Discord's documentation of commands, and missing in the document.
const DOCUMENTED: [&str; 1] = ["nsfw"];

/// What is wrong with a request; the path begins behind `/api/v10`.
pub fn faults(method: &str, (path, query): (&str, &str), body: &Value) -> Vec<String> {
    let calls = SPEC["calls"].as_array().expect("calls").iter();
    let mut fitting = calls.filter(|call| call["method"] == method && fits(call, path));
    // A path without places is meant before one with.
    let call = fitting.clone().find(|call| call["path"] == path).or_else(|| fitting.next());
    let Some(call) = call else { return vec![format!("{method} {path}: no such call")] };
    let mut out = Vec::new();
    let known = call["query"].as_array().expect("a list");
    for name in query.split('&').filter_map(|part| part.split('=').next()) {
        if !name.is_empty() && !known.iter().any(|one| one == name) {
            out.push(format!("query {name}: unknown"));
        }
    }
    match (&call["body"], body) {
        (Value::Null, Value::Null) => {}
        (Value::Null, _) => out.push("body: none is taken here".to_owned()),
        (schema, _) => check(schema, body, "body", &mut out),
    }
    out
}

fn fits(call: &Value, path: &str) -> bool {
    let template: Vec<&str> = call["path"].as_str().expect("a path").split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    let is_id = |part: &str| (1..=20).contains(&part.len()) && is_snowflake(part);
    template.len() == parts.len()
        && template.iter().zip(parts).all(|(place, part)| match place.strip_prefix('{') {
            Some(name) => !name.ends_with("_id}") || is_id(part),
            None => *place == part,
        })
}

/// `^(0|[1-9][0-9]*)$`
fn is_snowflake(text: &str) -> bool {
    text == "0"
        || (!text.starts_with('0')
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && !text.is_empty())
}

fn check(schema: &Value, value: &Value, place: &str, out: &mut Vec<String>) {
    if schema.get("type").is_some_and(|kind| !is_of(kind, value)) {
        return out.push(format!("{place}: not of type {}", schema["type"]));
    }
    for (word, rule) in schema.as_object().expect("a schema") {
        let most = || rule.as_f64().expect("a number");
        #[expect(clippy::cast_precision_loss, reason = "lengths of messages")]
        let length = |n: usize| n as f64;
        match word.as_str() {
            "$ref" => check(named(rule), value, place, out),
            "anyOf" | "oneOf" => one_of(rule, value, place, out),
            "allOf" => {
                for part in rule.as_array().expect("schemas") {
                    check(part, value, place, out);
                }
            }
            "const" if rule != value => out.push(format!("{place}: not {rule}")),
            "enum" if !value.is_null() && !rule.as_array().expect("values").contains(value) => {
                out.push(format!("{place}: {value} is none of {rule}"));
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{place}/{n}"), out);
                }
            }
            "required" => {
                for name in rule.as_array().expect("names").iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        out.push(format!("{place}/{name}: missing"));
                    }
                }
            }
            "properties" => fields(schema, value, place, out),
            // Maps of whatever name; objects with known fields take no others.
            "additionalProperties" if schema.get("properties").is_none() => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    check(rule, inner, &format!("{place}/{name}"), out);
                }
            }
            "minLength" | "maxLength" => {
                let chars = value.as_str().map(|text| length(text.chars().count()));
                bound(word, chars, most(), place, out);
            }
            "minItems" | "maxItems" => {
                bound(word, value.as_array().map(|list| length(list.len())), most(), place, out);
            }
            "maxProperties" => {
                bound(word, value.as_object().map(|map| length(map.len())), most(), place, out);
            }
            "minimum" | "maximum" => bound(word, value.as_f64(), most(), place, out),
            "uniqueItems" => {
                let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
                if (1..list.len()).any(|n| list[..n].contains(&list[n])) {
                    out.push(format!("{place}: the same twice"));
                }
            }
            "pattern" => pattern(rule, value, place, out),
            "const"
            | "enum"
            | "type"
            | "additionalProperties"
            | "format"
            | "title"
            | "description"
            | "default"
            | "x-discord-union" => {}
            other => panic!("the excerpt uses {other}, which is not read here"),
        }
    }
}

fn named(reference: &Value) -> &'static Value {
    let name = reference.as_str().and_then(|text| text.rsplit('/').next()).expect("a name");
    SPEC["schemas"].get(name).unwrap_or_else(|| panic!("{name} is not in the excerpt"))
}

fn is_of(kind: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().expect("a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        // Digits in a string are taken for an integer.
        "integer" => value.is_i64() || value.is_u64() || value.as_str().is_some_and(is_snowflake),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the excerpt has a type {other}"),
    };
    kind.as_array().map_or_else(|| is(kind), |kinds| kinds.iter().any(is))
}

/// Both unions mean exactly one kind; the faults of the kind that fits best are told.
fn one_of(kinds: &Value, value: &Value, place: &str, out: &mut Vec<String>) {
    let faults = |kind: &Value| {
        let mut found = Vec::new();
        check(kind, value, place, &mut found);
        found
    };
    let is_nothing = |kind: &&Value| kind["type"] == "null";
    let kinds = kinds.as_array().expect("schemas").iter();
    let kinds = kinds.filter(|kind| value.is_null() || !is_nothing(kind));
    out.extend(kinds.map(faults).min_by_key(Vec::len).unwrap_or_default());
}

fn fields(schema: &Value, value: &Value, place: &str, out: &mut Vec<String>) {
    let known = schema["properties"].as_object().expect("fields");
    for (name, inner) in value.as_object().into_iter().flatten() {
        match known.get(name) {
            Some(field) => check(field, inner, &format!("{place}/{name}"), out),
            None if DOCUMENTED.contains(&name.as_str()) || is_empty(inner) => {}
            None => out.push(format!("{place}/{name}: unknown field")),
        }
    }
}

/// The library writes the empty fields of every kind of command option; Discord drops them.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

fn bound(word: &str, size: Option<f64>, limit: f64, place: &str, out: &mut Vec<String>) {
    let is_off = |size: f64| if word.starts_with("min") { size < limit } else { size > limit };
    if let Some(size) = size.filter(|size| is_off(*size)) {
        out.push(format!("{place}: {size}, {word} is {limit}"));
    }
}

fn pattern(rule: &Value, value: &Value, place: &str, out: &mut Vec<String>) {
    assert_eq!(rule, "^(0|[1-9][0-9]*)$", "the excerpt has another pattern");
    if value.as_str().is_some_and(|text| !is_snowflake(text)) {
        out.push(format!("{place}: no id"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CHANNEL: &str = "/channels/1100000000000000011/messages";

    #[test]
    fn a_call_that_the_document_does_not_allow_is_found() {
        let post = |body: Value| faults("POST", (CHANNEL, ""), &body).join("; ");
        let row = |button: Value| json!({"components": [{"type": 1, "components": [button]}]});
        let good = json!({"type": 2, "style": 2, "label": "a", "custom_id": "b"});
        assert_eq!(post(row(good)), "");
        assert_eq!(
            post(json!({"content": "a", "allowed_mentions": {"parse": []}, "nonce": "n"})),
            ""
        );
        let spoilt = [
            (json!({"mystery": 1}), "mystery: unknown field"),
            (json!({"embeds": [{"colour": 1}]}), "colour: unknown field"),
            (json!({"content": 7}), "not of type"),
            (json!({"embeds": [{"title": "x".repeat(257)}]}), "maxLength is 256"),
            (json!({"embeds": [{"color": 16_777_216}]}), "maximum is 16777215"),
            (row(json!({"type": 2, "label": "a", "custom_id": "b"})), "style: missing"),
            (row(json!({"type": 99, "style": 2, "custom_id": "b"})), "99"),
            (json!({"components": [{"type": 1, "components": []}]}), "minItems is 1"),
            (json!({"allowed_mentions": {"users": ["x"]}}), "no id"),
            (json!({"allowed_mentions": {"roles": ["1", "1"]}}), "the same twice"),
            (json!("text"), "not of type"),
        ];
        for (body, part) in spoilt {
            let found = post(body.clone());
            assert!(found.contains(part), "{part:?} is not in {found:?} of {body}");
        }
    }

    #[test]
    fn unknown_paths_queries_and_bodies_are_found() {
        let found = |method: &str, path: &str, query: &str, body: Value| {
            faults(method, (path, query), &body).join("; ")
        };
        assert_eq!(found("GET", CHANNEL, "limit=50", Value::Null), "");
        assert!(found("GET", CHANNEL, "most=50", Value::Null).contains("most: unknown"));
        assert!(found("GET", "/channels/abc/messages", "", Value::Null).contains("no such call"));
        assert!(found("DELETE", CHANNEL, "", Value::Null).contains("no such call"));
        assert!(found("GET", "/gateway/bot", "", json!({})).contains("none is taken"));
        let callback = "/interactions/1300000000000000001/a-token/callback";
        let answer = |kind: u64| json!({"type": kind, "data": {"content": "a", "flags": 64}});
        assert_eq!(found("POST", callback, "", answer(4)), "");
        assert!(!found("POST", callback, "", answer(3)).is_empty());
    }
}

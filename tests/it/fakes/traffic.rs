//! What no request to a platform may hold, wherever it goes: a secret of a watched key, and a
//! platform's token or an interaction's outside the place that is made for it.

use serde_json::Value;

/// One request as it was sent.
pub struct Sent<'a> {
    /// Path and query, without the token that belongs there.
    pub path: &'a str,
    /// What was sent in it.
    pub body: &'a Value,
}

/// The forbidden words that are in the requests, without the words.
pub fn leaks<'a>(
    sent: impl IntoIterator<Item = Sent<'a>>,
    (secrets, tokens): (&[String], &[String]),
) -> Vec<String> {
    let mut out = Vec::new();
    for Sent { path, body } in sent {
        let text = format!("{path} {body}").to_lowercase();
        for (what, words) in [("a key's secret", secrets), ("a platform's token", tokens)] {
            let is_in = |word: &String| word.len() >= 8 && text.contains(&word.to_lowercase());
            if words.iter().any(is_in) {
                out.push(format!(
                    "{what} is in a request to {}",
                    path.split('?').next().unwrap_or(path)
                ));
            }
        }
    }
    out
}

/// The three secret parts of all keys that a stage's simulator was given.
pub async fn secrets(stage: &keylapse::cli::demo::stage::Stage) -> Vec<String> {
    let mut out = Vec::new();
    for view in stage.desk.keys().await.unwrap() {
        if let Some(key) = stage.simulator.key(view.key.label.as_str()) {
            out.extend([key.key, key.secret, key.passphrase]);
        }
    }
    out
}

#[test]
fn a_secret_and_a_misplaced_token_are_found_in_path_and_body() {
    let body = serde_json::json!({"text": ["a MADE-up-12345678 b"]});
    let find = |path, secrets: &str, tokens: &str| {
        let lists = (&[secrets.to_owned()][..], &[tokens.to_owned()][..]);
        leaks([Sent { path, body: &body }], lists).len()
    };
    assert_eq!(find("/sendMessage", "made-up-12345678", "7001:AAtoken"), 1);
    assert_eq!(find("/x?7001:AAtoken", "nothing-of-it", "7001:AAtoken"), 1);
    assert_eq!(find("/sendMessage", "nothing-of-it", "7001:AAtoken"), 0);
}

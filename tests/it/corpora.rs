//! Lines that people write in chats (tests/data/leaks): harmless ones that only look like keys, and
//! leaks.

fn lines(name: &str) -> Vec<String> {
    let path = format!("{}/tests/data/leaks/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect(name);
    text.lines().map(|line| line.replace("\\n", "\n")).collect()
}

/// Order ids, request ids, error texts.
pub fn harmless() -> Vec<String> {
    lines("harmless")
}

/// Keys with their secrets, and what is called a secret.
pub fn leaks() -> Vec<String> {
    lines("leaks")
}

//! Secrets pasted where people read along. Two shapes are known: a key id, 24 hex digits, and a
//! secret, a UUID. Orders have numbers of the same shapes, so one alone is only a suspicion.

use super::text::looks_secret;

/// What a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pasted {
    /// Nothing of the kind.
    Nothing,
    /// Something of the shape of a key or of a secret.
    Perhaps,
    /// A key and a secret together: no other thing looks like that.
    Certain,
}

impl Pasted {
    /// Looks at a text.
    pub fn of(text: &str) -> Self {
        let is_edge = |c: char| !c.is_ascii_hexdigit() && c != '-';
        let found = || text.split(is_edge).filter(|word| looks_secret(word));
        let (has_secret, has_key) =
            (found().any(|word| word.contains('-')), found().any(|word| !word.contains('-')));
        match (has_key, has_secret) {
            (true, true) => Self::Certain,
            (false, false) => Self::Nothing,
            (true, false) | (false, true) => Self::Perhaps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_a_secret_together_are_certain_and_one_alone_is_not() {
        let (key, secret) = ("6705f5c311545b000157d3eb", "46fd8974-aaaa-bbbb-cccc-896f005b2340");
        let table = [
            (format!("why does {key} fail"), Pasted::Perhaps),
            (format!("secret={secret};"), Pasted::Perhaps),
            (format!("{{\"key\":\"{key}\",\"secret\":\"{secret}\"}}"), Pasted::Certain),
            (format!("{secret} {}", key.to_uppercase()), Pasted::Certain),
            ("400003 api key does not exist".to_owned(), Pasted::Nothing),
            ("deadbeef-dead order 12345678901234567890123x".to_owned(), Pasted::Nothing),
        ];
        for (text, expected) in table {
            assert_eq!(Pasted::of(&text), expected, "{text}");
        }
    }
}

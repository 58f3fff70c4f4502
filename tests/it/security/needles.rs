//! The sweeper: every secret in every form in which it could leak, searched for in any bytes.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use keylapse::exchange::simulator::SimKey;
use sha2::Sha256;

/// What is searched for.
#[derive(Default)]
pub struct Needles(Vec<Needle>);

struct Needle {
    what: String,
    form: &'static str,
    text: String,
}

impl Needles {
    /// The secrets of these keys, and what is made of them on the way to the wire.
    pub fn of(keys: &[&SimKey]) -> Self {
        let mut needles = Self::default();
        for key in keys {
            let name = |part: &str| format!("the {part} of {}", key.label);
            needles.add(&name("key"), key.key.as_bytes());
            needles.add(&name("secret"), key.secret.as_bytes());
            needles.add(&name("passphrase"), key.passphrase.as_bytes());
            needles.add(&name("bare secret"), key.secret.replace('-', "").as_bytes());
            let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.as_bytes()).unwrap();
            mac.update(key.passphrase.as_bytes());
            needles.add(&name("signed passphrase"), &mac.finalize().into_bytes());
        }
        needles
    }

    /// One more secret, in all its forms.
    pub fn add(&mut self, what: &str, secret: &[u8]) {
        assert!(secret.len() >= 12, "{what} is too short to be told from chance");
        for (form, bytes) in forms(secret) {
            self.0.push(Needle { what: what.to_owned(), form, text: latin(&bytes) });
        }
    }

    /// What was found in `bytes`, in words without the secret.
    pub fn find(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let hay = latin(bytes);
        let found = self.0.iter().filter(|needle| hay.contains(&needle.text));
        found.map(|needle| format!("{place} holds {} ({})", needle.what, needle.form)).collect()
    }
}

/// Each byte as one character, so that a search for text finds bytes.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Byte by byte.
pub fn each(secret: &[u8], form: impl Fn(u8) -> String) -> String {
    secret.iter().map(|byte| form(*byte)).collect()
}

fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let each = |form: &dyn Fn(u8) -> String| each(secret, form).into_bytes();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut forms = vec![
        ("raw", secret.to_vec()),
        ("upper case", secret.to_ascii_uppercase()),
        ("lower case", secret.to_ascii_lowercase()),
        ("reversed", secret.iter().rev().copied().collect()),
        ("hex", each(&|byte| format!("{byte:02x}"))),
        ("upper hex", each(&|byte| format!("{byte:02X}"))),
        ("percent", each(&|byte| format!("%{byte:02x}"))),
        ("upper percent", each(&|byte| format!("%{byte:02X}"))),
        (
            "percent where needed",
            each(&|byte| {
                if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }
            }),
        ),
        ("JSON escapes", each(&|byte| format!("\\u{byte:04x}"))),
        ("two-byte characters", secret.iter().flat_map(|byte| [*byte, 0]).collect()),
        ("list of numbers", format!("{secret:?}").trim_matches(['[', ']']).as_bytes().to_vec()),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).unwrap();
        forms.push(("JSON", json.trim_matches('"').as_bytes().to_vec()));
    }
    for before in 0..3 {
        forms.push(("base64", base64(&STANDARD_NO_PAD, secret, before)));
        forms.push(("base64url", base64(&URL_SAFE_NO_PAD, secret, before)));
    }
    forms
}

/// The characters that the secret alone decides, when this many bytes stand before it.
fn base64(engine: &GeneralPurpose, secret: &[u8], before: usize) -> Vec<u8> {
    let text = engine.encode([&vec![0; before], secret].concat());
    let (begin, end) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
    text.as_bytes()[begin..end].to_vec()
}

#[test]
fn a_leak_is_found_in_whatever_form_it_comes() {
    let key = crate::cli::harmless("bot");
    let needles = Needles::of(&[&key]);
    assert_eq!(needles.find("a clean log", b"INFO bot: fine, key 6705...d3eb"), [""; 0]);
    let encoded = STANDARD_NO_PAD.encode(format!("user:{}:x", key.passphrase));
    let percent = each(key.secret.as_bytes(), |byte| format!("%{byte:02X}"));
    let planted = [
        (format!("WARN probing failed key={}", key.key), "the key of bot (raw)"),
        (format!("authorization: Basic {encoded}"), "the passphrase of bot (base64)"),
        (format!("GET /x?s={percent}"), "the secret of bot (upper percent)"),
        (format!("secrets: {:?}", key.secret.as_bytes()), "the secret of bot (list of numbers)"),
    ];
    for (text, found) in planted {
        let said = needles.find("it", text.as_bytes());
        assert!(said.contains(&format!("it holds {found}")), "{found}: {said:?}");
        assert!(said.iter().all(|said| !said.contains(&key.secret)), "a finding repeats it");
    }
}

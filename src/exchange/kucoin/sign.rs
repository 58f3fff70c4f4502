//! The signature, and the only requests that can carry one. Pure: the instant is an argument.
//!
//! [`SignedGet`] is the allow-list (SECURITY S3): whatever it cannot express cannot be signed, so
//! that no bug, script or lying server turns the watched key into a trading one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::http_client::sensitive;
use crate::secret::KeySecrets;

/// The key format that we speak. Versions 2 and 3 sign alike; only this number differs.
pub const KEY_VERSION: &str = "3";

/// The key id.
pub const KEY: HeaderName = HeaderName::from_static("kc-api-key");
/// The signature of the request.
pub const SIGN: HeaderName = HeaderName::from_static("kc-api-sign");
/// The instant of the signature, epoch milliseconds.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("kc-api-timestamp");
/// The signed passphrase.
pub const PASSPHRASE: HeaderName = HeaderName::from_static("kc-api-passphrase");
/// The version of the key format.
pub const VERSION: HeaderName = HeaderName::from_static("kc-api-key-version");

/// A request that may be signed. All are GET, and reading is all they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedGet {
    /// What the key that asks may do and until when.
    ThisKey,
    /// The keys of one sub-account, asked by its master; for guardian watches.
    KeysOfSub {
        /// The sub-account.
        sub_name: Parameter,
    },
}

/// A query value that is the same encoded and un-encoded, because KuCoin signs the un-encoded
/// query: `[A-Za-z0-9]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter(String);

impl Parameter {
    /// Takes a value if it needs no encoding.
    pub fn new(value: &str) -> Option<Self> {
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric());
        (plain && (1..=64).contains(&value.len())).then(|| Self(value.to_owned()))
    }
}

impl SignedGet {
    /// Path and query, the text that is signed and the text that is sent.
    pub fn target(&self) -> String {
        match self {
            Self::ThisKey => "/api/v1/user/api-key".to_owned(),
            Self::KeysOfSub { sub_name } => format!("/api/v1/sub/api-key?subName={}", sub_name.0),
        }
    }

    /// The headers of this request at `timestamp_ms` of the exchange's clock. `None` when a part
    /// of the key cannot stand in a header, so that it cannot be a key.
    pub fn headers(&self, secrets: &KeySecrets, timestamp_ms: i64) -> Option<HeaderMap> {
        let secret = secrets.secret.expose();
        let timestamp = timestamp_ms.to_string();
        let sign = signature(secret, &[&timestamp, "GET", &self.target()]);
        let passphrase = signature(secret, &[secrets.passphrase.expose()]);
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(KEY, sensitive(secrets.key.expose())?);
        headers.insert(SIGN, sensitive(&sign)?);
        headers.insert(PASSPHRASE, sensitive(&passphrase)?);
        headers.insert(TIMESTAMP, HeaderValue::from_str(&timestamp).ok()?);
        headers.insert(VERSION, HeaderValue::from_static(KEY_VERSION));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(headers)
    }
}

/// `base64(HMAC-SHA256(secret, parts joined))`. A request's parts are timestamp, method, path with
/// the un-encoded query, and body; a passphrase is one part.
pub(crate) fn signature(secret: &str, parts: &[&str]) -> Zeroizing<String> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part.as_bytes());
    }
    let mut bytes = Zeroizing::new([0_u8; 32]);
    bytes.copy_from_slice(&mac.finalize().into_bytes());
    Zeroizing::new(STANDARD.encode(bytes.as_slice()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../tests/data/kucoin/signature-vectors.json"))
            .unwrap()
    }

    fn text<'a>(value: &'a Value, field: &str) -> &'a str {
        value[field].as_str().unwrap_or_else(|| panic!("{field} is missing"))
    }

    fn secrets(input: &Value) -> KeySecrets {
        let part = |field| text(input, field).to_owned().into();
        KeySecrets {
            key: part("api_key"),
            secret: part("api_secret"),
            passphrase: part("api_passphrase"),
        }
    }

    #[test]
    fn every_vector_of_the_official_clients_signs_alike() {
        let file = vectors();
        let all = file["vectors"].as_array().unwrap();
        assert_eq!(all.len(), 6);
        for vector in all {
            let (input, output) = (&vector["input"], &vector["output"]);
            let secret = text(input, "api_secret");
            let parts = ["timestamp_ms", "method", "signed_path", "body"].map(|f| text(input, f));
            assert_eq!(parts.concat(), text(input, "prehash"));
            assert_eq!(*signature(secret, &parts), text(output, "KC-API-SIGN"));
            let passphrase = signature(secret, &[text(input, "api_passphrase")]);
            assert_eq!(*passphrase, text(output, "KC-API-PASSPHRASE"));
        }
    }

    #[test]
    fn the_example_of_the_old_documentation_signs_alike() {
        let file = vectors();
        let (input, output) = (&file["doc_vectors"][0]["input"], &file["doc_vectors"][0]["output"]);
        let parts = ["timestamp_ms", "method", "path", "body"].map(|f| text(input, f));
        assert_eq!(*signature(text(input, "api_secret"), &parts), text(output, "KC-API-SIGN"));
    }

    #[test]
    fn the_requests_we_can_express_carry_the_headers_of_the_vectors() {
        let file = vectors();
        let sub_name = Parameter::new("apiSdkTest").unwrap();
        for (index, request) in [
            (0, SignedGet::ThisKey),
            (1, SignedGet::KeysOfSub { sub_name }),
            (5, SignedGet::ThisKey),
        ] {
            let (input, output) =
                (&file["vectors"][index]["input"], &file["vectors"][index]["output"]);
            assert_eq!(request.target(), text(input, "signed_path"));
            let at = text(input, "timestamp_ms").parse().unwrap();
            let headers = request.headers(&secrets(input), at).unwrap();
            for name in [KEY, SIGN, TIMESTAMP, PASSPHRASE, VERSION] {
                let expected = text(output, &name.as_str().to_uppercase());
                assert_eq!(headers[&name].to_str().unwrap(), expected, "{name}");
            }
        }
    }

    #[test]
    fn secret_headers_are_marked_and_a_broken_key_makes_none() {
        let file = vectors();
        let mut secrets = secrets(&file["vectors"][0]["input"]);
        let headers = SignedGet::ThisKey.headers(&secrets, 1).unwrap();
        for name in [KEY, SIGN, PASSPHRASE] {
            assert!(headers[&name].is_sensitive(), "{name}");
        }
        secrets.key = "abc\ndef".to_owned().into();
        assert!(SignedGet::ThisKey.headers(&secrets, 1).is_none());
    }

    #[test]
    fn a_parameter_that_would_be_encoded_is_refused() {
        for value in ["", "a b", "a&passphrase=x", "a%20", "é", "a/../b", &"x".repeat(65)] {
            assert_eq!(Parameter::new(value), None, "{value}");
        }
        assert!(Parameter::new(&"x".repeat(64)).is_some());
    }
}

//! Secrets stay where they belong: not on the screen, not in a log at its loudest, not in a file.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use keylapse::exchange::simulator::SimKey;
use sha2::Sha256;

use super::{Host, end, harmless, lines, simulator};

/// A secret in the forms in which it could leak.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex = secret.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let encoded = |engine: &base64::engine::GeneralPurpose| engine.encode(secret);
    let all = [
        secret.to_owned(),
        secret.to_uppercase(),
        hex.to_uppercase(),
        hex,
        encoded(&STANDARD),
        encoded(&STANDARD_NO_PAD),
        encoded(&URL_SAFE_NO_PAD),
    ];
    all.into_iter().map(String::into_bytes).collect()
}

fn signed_passphrase(key: &SimKey) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.as_bytes()).unwrap();
    mac.update(key.passphrase.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes()).into_bytes()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_logged_or_stored_in_the_clear() {
    let (old, new) = (harmless("old"), harmless("new"));
    let simulator = simulator(&[old.clone(), new.clone()]).await;
    let host = Host::with(&simulator);
    let mut seen = Vec::new();
    let mut run = |args: &[&str], input: &str| {
        let mut command = host.command(args);
        command.env("KEYLAPSE_LOG", "trace,reqwest=trace,hyper=trace,sqlx=trace");
        let said = end(command.spawn().unwrap(), input);
        assert_eq!(said.code, 0, "{said:?}");
        seen.push((args.join(" "), format!("{}{}", said.out, said.err).into_bytes()));
    };
    run(&["key", "add", "--label", "bot", "--stdin"], &lines(&old));
    run(&["key", "test", "bot"], "");
    run(&["key", "replace", "bot", "--stdin", "--watch-old"], &lines(&new));
    run(&["key", "show", "bot"], "");
    run(&["key", "list", "--json"], "");
    run(&["key", "remove", "bot", "--yes"], "");
    for file in std::fs::read_dir(host.data()).unwrap() {
        let path = file.unwrap().path();
        seen.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    // The search finds what is there.
    let planted = b"a planted secret: hush-hush".to_vec();
    assert!(forms("hush-hush").iter().any(|form| holds(&planted, form)));
    for key in [old, new] {
        let secrets = [&key.key, &key.secret, &key.passphrase];
        let needles = secrets.iter().flat_map(|secret| forms(secret));
        for needle in needles.chain([signed_passphrase(&key)]) {
            for (place, bytes) in &seen {
                let text = String::from_utf8_lossy(&needle);
                assert!(
                    !holds(bytes, &needle),
                    "{place} holds a secret of {} as {text}",
                    key.label
                );
            }
        }
    }
}

//! What is answered, what is not, and what nobody should send.

use super::super::words::MAX_QUESTION_CHARS;
use super::super::{Sureness, Topic, to_json};
use super::knowledge;

fn top(question: &str) -> Option<&'static str> {
    knowledge().lookup(question).topic().map(Topic::as_str)
}

#[test]
fn other_exchanges_errors_are_read_by_code_or_text() {
    for (pasted, id) in [
        (
            r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#,
            "error-key-not-exists",
        ),
        (
            r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}"#,
            "error-timestamp",
        ),
        (r#"{"code":-1022,"msg":"Signature for this request is not valid."}"#, "error-signature"),
        (r#"{"msg":"API key doesn't exist","code":"50119"}"#, "error-key-not-exists"),
        (r#"{"retCode":33004,"retMsg":"Your api key has expired","result":{}}"#, "expired-meaning"),
        (r#"{"error":["EAPI:Invalid key"],"result":{}}"#, "error-key-not-exists"),
        (r#"{"error":["EGeneral:Permission denied"]}"#, "error-permission"),
        (r#"{"label":"INVALID_KEY","message":"Invalid key provided"}"#, "error-key-not-exists"),
        (
            r#"{"code":700006,"msg":"IP [203.0.113.9] not in the ip white list"}"#,
            "error-ip-not-allowed",
        ),
        ("2026-11-20 12:00:01,429 - ERROR - kucoin Invalid KC-API-PASSPHRASE", "error-passphrase"),
    ] {
        assert_eq!(top(pasted), Some(id), "{pasted}");
    }
}

#[test]
fn amounts_addresses_and_times_are_not_codes() {
    for question in [
        "can I withdraw 500 USDT",
        "buy 500000 pepe",
        "host 10.0.5.500",
        "order 1700000400003 filled at 12:00:01.429",
    ] {
        let answer = knowledge().lookup(question);
        assert_ne!(answer.sureness, Sureness::Exact, "{question}");
    }
}

#[test]
fn a_question_about_something_else_gets_no_answer_and_no_suggestion() {
    for question in [
        "what is the weather in Berlin",
        "lol ok",
        "thx",
        "kucoin referral code",
        "bitcoin price prediction",
        "tell me a joke",
    ] {
        let answer = knowledge().lookup(question);
        assert_eq!(answer.sureness, Sureness::Foreign, "{question}");
        assert_eq!(answer.offered().count(), 0, "{question}");
    }
}

#[test]
fn the_bare_subject_is_asked_back_about() {
    for question in
        ["key", "keys", "api key", "API keys?", "kucoin api", "the key", "schlüssel", "clave api"]
    {
        let answer = knowledge().lookup(question);
        assert_eq!(answer.sureness, Sureness::Unsure, "{question}: {answer:?}");
        assert_eq!(answer.offered().count(), 3, "{question}");
    }
    assert_eq!(top("key expired"), Some("expired-meaning"));
}

/// What newcomers asked and did not find.
#[test]
fn what_a_newcomer_asks_leads_to_its_entry() {
    for (question, id) in [
        ("my bot stopped trading", "trouble-bot-stopped"),
        ("bot stopped, what now?", "trouble-bot-stopped"),
        ("mein bot handelt nicht mehr", "trouble-bot-stopped"),
        ("same key for two bots", "shared-key"),
        ("can two bots share one api key", "shared-key"),
        ("kucoin Balance insufficient!", "error-order-refused"),
        (r#"{"code":"200004","msg":"Balance insufficient!"}"#, "error-order-refused"),
        (r#"{"code":"900001","msg":"symbol not exists"}"#, "error-order-refused"),
        ("ccxt.base.errors.BadSymbol: kucoin symbol not exists", "error-order-refused"),
        (
            r#"{"code":"400100","msg":"Order size below the minimum requirement."}"#,
            "error-order-refused",
        ),
        ("which time zone do you use", "bot-zone"),
        ("mute at night", "bot-night"),
        ("quiet hours", "bot-night"),
        ("move the bot to another server", "bot-move"),
        ("how do I get alerts on telegram", "bot-chats"),
        ("uninstall keylapse", "bot-remove"),
        ("supports binance?", "bot-exchanges"),
        ("which roles are there", "bot-roles"),
        ("how often do you check", "bot-warnings"),
        ("what do you store about me", "bot-privacy"),
    ] {
        assert_eq!(top(question), Some(id), "{question}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test measures how long a look-up really takes")]
fn hostile_input_is_cut_and_harmless() {
    let knowledge = knowledge();
    let long_word = "a".repeat(100_000);
    let slips = "kexapirz qeybird jlapsing ".repeat(4_000)
        + &('a'..='z').map(|c| format!("xkey{c}pirs {c}assphrsae ")).collect::<Vec<_>>().concat();
    let inputs = [
        "",
        " ",
        "\0\u{1b}[31m\r\n\t",
        "🔑🔑🔑💥",
        "\u{202e}\u{2066}\u{200f}",
        "مفتاح API منتهي الصلاحية",
        "-",
        "'",
        "{{{{",
        "4",
        "400003400003400003",
        &long_word,
        &slips,
        &"密钥".repeat(50_000),
        &"\u{301}".repeat(50_000),
        &"-1021".repeat(20_000),
    ];
    for input in inputs {
        let start = std::time::Instant::now();
        let answer = knowledge.lookup(input);
        assert!(start.elapsed().as_millis() < 1_000, "slow: {} bytes", input.len());
        assert!(answer.results.len() <= 10);
        assert!(answer.results.iter().all(|hit| hit.score.is_finite()));
    }
    assert_eq!(knowledge.lookup("").topic(), None);
    let early = format!("400003 {}", "x".repeat(MAX_QUESTION_CHARS));
    assert_eq!(knowledge.lookup(&early).topic(), None, "what is cut off is not read");
    let late = format!("{} 400003", "x".repeat(MAX_QUESTION_CHARS));
    assert!(knowledge.lookup(&late).topic().is_some(), "the cause stands at the end");
}

#[test]
fn control_and_invisible_characters_do_not_hide_a_word() {
    assert_eq!(top("re\u{200b}voke\u{7}my\u{202e} api\0key"), Some("revoke-key"));
}

#[test]
fn the_machine_line_repeats_the_query_and_lists_scores() {
    let query = "400003 \"meaning\"\n";
    let line = to_json(query, &knowledge().lookup(query));
    assert_eq!(line["query"], query);
    assert_eq!(line["answered"], true);
    assert_eq!(line["results"][0]["id"], "error-key-not-exists");
    assert!(line["results"][0]["score"].as_f64() > line["results"][1]["score"].as_f64());
    assert!(line["results"].as_array().is_some_and(|results| results.len() <= 10));
}

#[test]
fn an_outline_carries_nothing_of_a_stranger() {
    let question = "my key hunter2 f03a5284-5c39-4aaa-9b20-dea10bdcf8e3 expired @bob";
    assert_eq!(knowledge().outline(question), "my key … expired …");
}

#[test]
fn a_topic_is_one_of_ours_or_nothing() {
    assert_eq!(Topic::parse("expired-meaning").map(Topic::as_str), Some("expired-meaning"));
    assert_eq!(Topic::parse("Expired-Meaning"), None);
    assert_eq!(Topic::parse(""), None);
}

#[derive(serde::Deserialize)]
struct Seen {
    file: String,
    code: String,
}

/// Every body that `KuCoin` was seen to answer with, bare and as programs print it, with its code
/// and by its words alone.
#[test]
fn every_error_that_kucoin_was_seen_to_answer_leads_to_the_entry_of_its_cause() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kucoin/errors");
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).expect(file);
    let seen: Vec<Seen> = serde_json::from_str(&read("index.json")).expect("an index");
    assert!(seen.len() >= 16);
    for Seen { file, code } in seen {
        let body = read(&file);
        let body = body.trim();
        let words: serde_json::Value = serde_json::from_str(body).expect(&file);
        let words = words["msg"].as_str().unwrap_or_default();
        let cause = knowledge().entry_for_code(&code).expect(&file).id.as_str();
        for pasted in [
            body.to_owned(),
            format!("ccxt.base.errors.ExchangeError: kucoin {body}"),
            format!("2026-11-20 12:00:01,429 - freqtrade.worker - ERROR - kucoin {words}"),
            format!(
                "Traceback (most recent call last):\n  File \"bot.py\", line 503, in <module>\n    client.get_accounts()\nException: 403-{body}"
            ),
            format!("KucoinAPIException {code}: {words}"),
            format!("kucoin says: {words}"),
        ] {
            assert_eq!(top(&pasted), Some(cause), "{file}: {pasted}");
        }
    }
}

#[test]
fn odd_questions_get_a_short_sane_answer() {
    let long = "why does my key fail ".repeat(500);
    for question in [
        "",
        "   \n",
        "\u{1f511}\u{1f4a5}\u{1f62d}",
        "\u{202e}yek ym seripxe yhw\u{202c}",
        "\u{645}\u{641}\u{62a}\u{627}\u{62d} API \u{645}\u{646}\u{62a}\u{647}\u{64a}",
        "[click](https://evil.example) **bold** `code` <b>x</b> @everyone",
        &long,
    ] {
        let answer = knowledge().lookup(question);
        let said = usize::from(answer.topic().is_some()) + answer.offered().count();
        assert!(said <= 3, "{question}: {answer:?}");
    }
}

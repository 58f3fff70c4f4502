use std::sync::LazyLock;

use super::super::Knowledge;
use super::*;

fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);
    &KNOWLEDGE
}

/// What is shown for a question: title, and everything in one text.
fn shown(question: &str) -> (String, String) {
    let answer = knowledge().lookup(question);
    let page = knowledge().page(&answer).unwrap_or_else(|| panic!("{question}: {answer:?}"));
    let text: Vec<&str> = page.shown().map(String::as_str).collect();
    (page.title.clone(), text.join("\n"))
}

#[test]
fn an_error_of_another_exchange_is_told_as_its_own() {
    for (pasted, title) in [
        (
            r#"binance {"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#,
            "Binance -2015: the key is not known",
        ),
        ("binance -2015", "Binance -2015: the key is not known"),
        ("bybit 10003", "Bybit 10003: the key is not known"),
        (
            r#"{"retCode":10003,"retMsg":"API key is invalid.","result":{}}"#,
            "Bybit 10003: the key is not known",
        ),
        (
            r#"{"retCode":33004,"retMsg":"Your api key has expired"}"#,
            "Bybit 33004: the key has expired",
        ),
        (r#"{"msg":"API key doesn't exist","code":"50119"}"#, "OKX 50119: the key is not known"),
        (
            r#"{"error":["EAPI:Invalid nonce"]}"#,
            "Kraken EAPI:Invalid nonce: the time or number does not match",
        ),
        (
            r#"{"label": "IP_FORBIDDEN", "message": "ip not allowed"}"#,
            "Gate IP_FORBIDDEN: this address is not allowed",
        ),
        (
            r#"htx {"err-code":"api-signature-not-valid","err-msg":"APIkey has expired"}"#,
            "HTX APIkey has expired: the key has expired",
        ),
        (
            r#"{"code":700006,"msg":"IP [203.0.113.9] not in the ip white list"}"#,
            "MEXC 700006: this address is not allowed",
        ),
        (
            "ccxt.base.errors.InsufficientFunds: binance Account has insufficient balance",
            "Binance: the order was refused, not the key",
        ),
    ] {
        let (shown, text) = shown(pasted);
        assert_eq!(shown, title, "{pasted}");
        assert!(!text.to_lowercase().contains("kucoin"), "{pasted}: {text}");
    }
}

#[test]
fn a_text_that_names_kucoin_or_nobody_stays_with_the_entries() {
    for question in [
        r#"kucoin {"code":"400003","msg":"The API key does not exist or site mismatch."}"#,
        "Binance gives me key and secret, what is the third thing that KuCoin wants",
        "my api key expired",
        "can I withdraw 10003 usdt",
        "504 gateway timeout",
    ] {
        let answer = knowledge().lookup(question);
        assert_eq!(answer.elsewhere, None, "{question}");
    }
}

#[test]
fn a_code_without_a_name_says_whose_it_is() {
    let (title, text) = shown(r#"{"code":"40037","msg":"Apikey does not exist"}"#);
    assert_eq!(title, "Bitget 40037: the key is not known");
    assert!(text.contains("names no exchange"), "{text}");
}

#[test]
fn an_answer_written_for_kucoin_says_so_to_somebody_elsewhere() {
    let (_, text) = shown("how do I create a new api key on bybit");
    assert!(text.contains("written for KuCoin; pages and rules of Bybit differ"), "{text}");
    let (_, text) = shown("does keylapse support bybit");
    assert!(text.starts_with("Which exchanges I watch"), "{text}");
    assert!(!text.contains("written for KuCoin"), "{text}");
}

#[test]
fn every_code_of_every_exchange_gives_a_page_that_fits_a_phone_and_sends_nobody_to_kucoin() {
    let exchanges = &knowledge().elsewhere;
    for (at, exchange) in exchanges.list.iter().enumerate() {
        for (code, known) in exchange.codes.iter().enumerate() {
            let named = format!("{} error {}", exchange.names[0], known.code);
            let found = knowledge().lookup(&named).elsewhere;
            let wanted = Elsewhere { exchange: at, code: Some(code), is_named: true };
            assert_eq!(found, Some(wanted), "{named}");
            let topic = exchanges.topic(wanted).expect("a topic");
            let page = exchanges.adapt(knowledge().entry(&topic).expect("an entry"), wanted);
            let text: String = page.shown().map(String::as_str).collect();
            assert!(page.title.chars().count() <= 80, "{}", page.title);
            assert!(text.chars().count() <= 900, "{text}");
            assert!(!text.to_lowercase().contains("kucoin"), "{text}");
            assert!(!text.contains('{'), "{text}");
        }
    }
}

#[test]
fn a_list_with_an_unknown_topic_or_without_advice_is_refused() {
    let row = |topic: &str| {
        format!(
            "topic = []\n[[exchange]]\nname = \"X\"\nnames = []\nmarks = []\n\
             codes = [{{ code = \"1\", topic = \"{topic}\", says = \"x\" }}]\n"
        )
    };
    assert_eq!(Exchanges::parse(&row("nowhere")).unwrap_err(), "no entry is called nowhere");
    let error = Exchanges::parse(&row("error-signature")).unwrap_err();
    assert_eq!(error, "1: no advice for error-signature");
}

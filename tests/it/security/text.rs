//! Test 10: hostile text through every field that takes words from outside, looked for in everything
//! that keylapse prints, logs and serves.

use std::io::Write as _;

use chrono::TimeDelta;
use keylapse::clock::{Clock, System};
use keylapse::exchange::simulator::SimKey;
use serde_json::{Value, json};

use super::bot::Bot;
use super::door::{Answer, Door};
use super::{LOUDEST, good_answer, looks, make_due, wait_for_look, wait_for_row};
use crate::cli::{Host, Said, end, harmless, lines};

/// What an attacker would write, each with a word by which it is found again.
pub fn corpus() -> Vec<String> {
    let mut corpus: Vec<String> = [
        "\u{202e}evah\u{202c} right to left",
        "\u{2066}isolated\u{2069} \u{200f}mark\u{200e} \u{061c}",
        "zero\u{200b}wid\u{200d}th\u{2060}\u{feff}\u{00ad}",
        "tag\u{e0041}\u{e007f}\u{180e}",
        "\u{1b}[31mred\u{1b}[0m \u{1b}[2J\u{1b}[H cleared",
        "\u{9b}31mred with one byte",
        "\u{1b}]8;;https://evil.example\u{1b}\\linked\u{1b}]8;;\u{1b}\\",
        "\u{1b}]0;title\u{7}\u{1b}]52;c;ZXZpbA==\u{7}clipboard",
        "two\r\nlines\n> /ack everything\rover",
        "lines\u{2028}of\u{2029}another\u{85}kind\u{b}\u{c}",
        "[click](https://evil.example) **bold** `code` ||spoiler|| ~~no~~",
        "@everyone @here <@1> <@&2> <#3> <t:0:R> <:e:4> </x:5>",
        "<b>bold</b><script>alert(1)</script>&lt;a href='tg://user?id=1'&gt;",
        "=HYPERLINK(\"https://evil.example\",\"x\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "quote\" back\\slash \" } 1\n# HELP fake\nkeylapse_keys 99",
        "%s %n {} {0} ${HOME} $(id) `id` '; DROP TABLE keys; --",
    ]
    .map(str::to_owned)
    .into();
    corpus.push("x".repeat(10_000));
    corpus.push("\u{1f469}\u{200d}\u{1f4bb}".repeat(5_000));
    corpus.push(format!("z{}", "\u{0335}\u{0489}\u{20dd}".repeat(400)));
    corpus
}

/// What no sink of this version lets through, in words. A new sink says here what is deadly on it.
#[derive(Clone, Copy, Debug)]
enum Sink {
    /// A terminal or a log that is read on one.
    Terminal,
    /// The same, and each line is JSON.
    Json,
    /// Prometheus' text.
    Metrics,
}

impl Sink {
    fn faults(self, text: &str) -> Vec<String> {
        let mut faults = steering(text);
        let lines = text.lines().filter(|line| !line.is_empty());
        match self {
            Self::Terminal => {
                faults.extend(longest(text, 6_000));
                if text.contains(&"\u{0489}\u{20dd}".repeat(3)) {
                    faults.push("a pile of combining marks".to_owned());
                }
            }
            Self::Json => {
                let bad = lines.filter(|line| serde_json::from_str::<Value>(line).is_err());
                faults.extend(bad.map(|line| format!("no JSON: {line:.80}")));
            }
            Self::Metrics => {
                let ours = |line: &&str| !line.starts_with('#') && !line.starts_with("keylapse_");
                faults.extend(lines.filter(ours).map(|line| format!("not ours: {line:.80}")));
            }
        }
        faults
    }
}

fn steering(text: &str) -> Vec<String> {
    let is_bad = |c: &char| {
        let hidden = matches!(
            u32::from(*c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe007f
        );
        *c != '\n' && (c.is_control() || hidden)
    };
    text.chars().filter(is_bad).map(|c| format!("{:?}", c.escape_unicode().to_string())).collect()
}

fn longest(text: &str, most: usize) -> Option<String> {
    let length = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    (length > most).then(|| format!("a line of {length} characters"))
}

/// One look at everything that a run printed.
fn assert_tame(what: &str, said: &Said, sink: Sink) {
    let faults = [sink.faults(&said.out), Sink::Terminal.faults(&said.err)].concat();
    assert_eq!(faults, [""; 0], "{what}: {said:?}");
    assert!(!said.err.contains("Something broke"), "{what}: {said:?}");
}

fn run(host: &Host, args: &[&str], input: &str) -> Said {
    let mut command = host.command(args);
    command.env(LOUDEST.0, LOUDEST.1);
    end(command.spawn().unwrap(), input)
}

#[test]
fn the_sinks_find_what_would_steer_them() {
    for text in corpus().iter().take(10) {
        assert!(!Sink::Terminal.faults(text).is_empty(), "{text:?}");
    }
    assert_eq!(Sink::Terminal.faults("● grid-eu: fine\n  z\u{0335} ✖\u{fe0e}\n"), [""; 0]);
    assert!(!Sink::Terminal.faults(&"x".repeat(10_000)).is_empty());
    assert!(!Sink::Json.faults("{\"a\":\"\u{202e}\"}").is_empty());
    assert!(!Sink::Json.faults("[1]\nplain").is_empty());
    assert!(!Sink::Metrics.faults("keylapse_keys 1\nfake 99\n").is_empty());
}

#[test]
fn hostile_words_on_the_command_line_steer_nothing() {
    let host = Host::new();
    // No argument can hold a NUL; those come in by the input below.
    for (n, text) in corpus().iter().enumerate() {
        let label = format!("k-{n}");
        let reminder = ["key", "add", "--label", &label, "--declared", "--expires", "2099-01-31"];
        let used_by = format!("--used-by={text}");
        let noted = [&reminder[..], &[used_by.as_str()]].concat();
        let said = run(&host, &noted, "");
        assert_eq!(said.code, 0, "{said:?}");
        // A name that the system would take.
        let path: String = text.chars().take(200).collect();
        let path = path.as_str();
        let labelled = format!("--label={text}");
        for args in [
            &["key", "show", &label][..],
            &["key", "add", &labelled, "--declared", "--expires", "2099-01-31"],
            &["key", "add", "--label", "x", "--declared", "--expires", text],
            &["key", "add", "--label", "x", "--site", text],
            &["key", "show", text],
            &["key", "list", "--workspace", text],
            &["key", "import", path],
            &["--config", path, "key", "list"],
            &["key", "import", "x.csv", "--format", text],
            &["faq", "--", text],
            &[text],
            &["key", "list", text],
        ] {
            assert_tame(&format!("{args:?}"), &run(&host, args, ""), Sink::Terminal);
        }
        assert_tame("faq", &run(&host, &["faq", "--json", "--", text], ""), Sink::Json);
    }
    let listed = run(&host, &["key", "list", "--json"], "");
    assert_tame("list", &listed, Sink::Json);
    let rows: Vec<Value> = serde_json::from_str(&listed.out).unwrap();
    let count = |row: &Value| row["used_by"][0].as_str().unwrap_or_default().chars().count();
    assert!(rows.iter().all(|row| count(row) <= 360), "a note has at most 120 characters");
    assert_tame("list", &run(&host, &["key", "list"], ""), Sink::Terminal);
}

#[test]
fn hostile_words_in_files_and_inputs_steer_nothing() {
    let host = Host::new();
    let mut hostile = corpus();
    hostile.push("nul\0nul".to_owned());
    let objects = hostile.iter().enumerate().map(|(n, text)| {
        json!({"label": format!("j-{n}"), "expires": "2099-01-31", "used_by": [text, text]})
    });
    let good = host.file("good.jsonl", &joined(objects), 0o600);
    let said = run(&host, &["key", "import", good.to_str().unwrap()], "");
    assert_eq!(said.code, 0, "{said:?}");
    assert_tame("list", &run(&host, &["key", "list", "--json"], ""), Sink::Json);
    for n in 0..hostile.len() {
        assert_tame("show", &run(&host, &["key", "show", &format!("j-{n}")], ""), Sink::Terminal);
    }
    let fields = ["label", "key", "secret", "passphrase", "site", "term", "allow", "co_located"];
    let bad = fields.iter().flat_map(|field| {
        hostile.iter().map(move |text| json!({"label": "x", "expires": "2099-01-31", *field: text}))
    });
    let bad = host.file("bad.jsonl", &joined(bad), 0o600);
    let said = run(&host, &["key", "import", bad.to_str().unwrap()], "");
    assert_eq!(said.code, 2, "{said:?}");
    assert_tame("bad rows", &said, Sink::Terminal);
    for (n, text) in hostile.iter().enumerate() {
        let csv = format!("{text},label\nx,\"{}\"\n", text.replace('"', "\"\""));
        let csv = host.file(&format!("{n}.csv"), &csv, 0o600);
        let said = run(&host, &["key", "import", csv.to_str().unwrap()], "");
        assert_eq!(said.code, 2, "{said:?}");
        assert_tame("csv", &said, Sink::Terminal);
        let said = run(
            &host,
            &["key", "add", "--label", "y", "--stdin"],
            &format!("{text}\n{text}\n{text}\n"),
        );
        assert!(said.code > 0, "{said:?}");
        assert_tame("stdin", &said, Sink::Terminal);
    }
    let questions = joined(hostile.iter().map(|text| json!({"query": text})));
    let said = run(&host, &["faq", "--batch"], &questions);
    assert_eq!(said.out.lines().count(), hostile.len());
    assert_tame("batch", &said, Sink::Json);
    let asked = |line: &str| serde_json::from_str::<Value>(line).unwrap()["query"].clone();
    assert!(
        said.out.lines().map(asked).eq(hostile.iter().map(|text| json!(text))),
        "nothing is lost"
    );
}

fn joined(lines: impl Iterator<Item = Value>) -> String {
    lines.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_in_settings_and_in_the_chat_steer_nothing() {
    for text in corpus() {
        let host = Host::new();
        let name = Value::from(text.as_str()).to_string();
        // TOML's texts and JSON's escape alike, but for what JSON leaves as it is.
        let name: String = name.replace('\u{7f}', "\\u007f");
        host.configure(&format!("[[workspace]]\nname = {name}\n[[workspace.receiver]]\nplatform = \"console\"\nname = {name}\n"));
        for args in [&["check-config"][..], &["key", "list"], &["run"]] {
            assert_tame(&text, &run(&host, args, ""), Sink::Terminal);
        }
    }
    let host = Host::new();
    let soon = (System::new().now() + TimeDelta::days(2)).format("%Y-%m-%d").to_string();
    let reminder = ["key", "add", "--label", "bot", "--declared", "--expires", &soon];
    assert_eq!(run(&host, &reminder, "").code, 0);
    for text in corpus() {
        // A bot for each, because one person may not say so much at once.
        let mut bot = Bot::start(&host, &[LOUDEST]);
        wait_for_row(&host, "SELECT id FROM alerts WHERE phase = 'open'").await;
        let text = text.replace('\n', "\u{b}");
        for command in ["/faq", "/ack bot 2h", "/keystatus", "/why", "/help", "/upcoming", ""] {
            bot.say(&format!("{command} {text}"));
        }
        for command in ["/alerts", "/why bot", "/keystatus bot", "/privacy"] {
            bot.say(command);
        }
        bot.wait_for("Unofficial");
        let said = bot.quit();
        assert_eq!(said.code, 0, "{said:?}");
        assert_tame("the chat", &said, Sink::Terminal);
        assert!(said.out.contains("is on it"), "{said:?}");
    }
}

/// An exchange whose every word is hostile.
fn liar(key: &SimKey, text: String) -> Door {
    let key = key.clone();
    Door::open(move |path| {
        if path == "/api/v1/timestamp" {
            return Answer::time();
        }
        let mut answer = good_answer(&key);
        for field in ["remark", "subName", "siteType", "thirdPartyApp", "uid"] {
            answer["data"][field] = text.as_str().into();
        }
        answer["data"]["permission"] = format!("General,{text}").into();
        answer["data"]["ipWhitelist"] = format!("203.0.113.7,{text}").into();
        Answer::json(&answer)
    })
}

/// An exchange that refuses everything, with hostile words.
fn refuser(code: &'static str, text: String) -> Door {
    Door::open(move |path| {
        if path == "/api/v1/timestamp" {
            return Answer::time();
        }
        let Answer(_, headers, body) = Answer::json(&json!({"code": code, "msg": text}));
        Answer(400, headers, body)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_of_an_exchange_steer_nothing() {
    let key = harmless("bot");
    for text in corpus() {
        // All fields together stay below the longest answer that is read.
        let text: String = text.chars().take(2_000).collect();
        let (exchange, host) = (liar(&key, text.clone()), Host::new());
        host.configure(&format!(
            "[kucoin]\nbase_url = \"{}\"\n[ops]\nlisten = \"127.0.0.1:0\"\n",
            exchange.url()
        ));
        let add = ["key", "add", "--label", "bot", "--stdin", "--allow", "unknown,no-ip"];
        let said = run(&host, &add, &lines(&key));
        assert_eq!(said.code, 0, "{said:?}");
        assert_tame(&text, &said, Sink::Terminal);
        for args in [["key", "test", "bot"], ["key", "show", "bot"], ["key", "accept", "bot"]] {
            assert_tame(&text, &run(&host, &args, ""), Sink::Terminal);
        }
        assert_tame(&text, &run(&host, &["key", "list", "--json"], ""), Sink::Json);
        make_due(&host).await;
        let before = looks(&host, "bot").await;
        let mut bot = Bot::start(&host, &[LOUDEST]);
        wait_for_look(&host, "bot", before).await;
        for line in ["/keystatus bot", "/why bot", "/alerts", "/check bot", "/help keystatus"] {
            bot.say(line);
        }
        bot.wait_for("Example: /keystatus");
        let metrics = get(bot.ops());
        assert_eq!(Sink::Metrics.faults(&metrics), [""; 0], "{metrics}");
        assert_tame(&text, &bot.quit(), Sink::Terminal);
    }
    let codes = ["400003", "400006", "400302", "429000", "999999"];
    for (text, code) in corpus().into_iter().zip(codes.into_iter().cycle()) {
        let (exchange, host) = (refuser(code, text.clone()), Host::new());
        host.configure(&format!("[kucoin]\nbase_url = \"{}\"\n", exchange.url()));
        let said = run(&host, &["key", "add", "--label", "bot", "--stdin"], &lines(&key));
        assert_eq!(said.code, 1, "{said:?}");
        assert_tame(&text, &said, Sink::Terminal);
    }
}

fn get(listen: std::net::SocketAddr) -> String {
    let mut stream = std::net::TcpStream::connect(listen).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let text = std::io::read_to_string(stream).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

//! Test 10 on the platforms: hostile words through every field that takes words from outside, into
//! the very payloads that Telegram and Discord get. Nothing in them calls anybody, links anywhere,
//! is markup or turns the text around; every message says whom it may call, and shows no preview.

use chrono::TimeDelta;
use keylapse::exchange::simulator::SimKey;
use serde_json::{Value, json};

use super::house::{ANN, DESK, House, Plan};
use super::text::corpus;
use crate::stories::discord::town::{KEYS, MANAGER, TRADERS, in_server};

/// More that only a chat would bring to life.
const ALIVE: [&str; 12] = [
    "@everyone @here @ann_trades @keylapse_bot",
    "<@1100000000000000034> <@!1> <@&1100000000000000021> <#1100000000000000011>",
    "[free](https://evil.example) <https://evil.example> https://evil.example evil.example",
    "discord.gg/abc t.me/evil tg://user?id=11",
    "<t:0:R> <t:1700000000:F> </ack:5> <:x:1> <a:x:1> <id:browse>",
    "**b** __u__ ~~s~~ ||x|| `c` ```block``` *i* _i_",
    "# big\n## big\n-# small\n> quote\n>>> all\n1. one\n- item\n* item",
    "<b>b</b><i>i</i><a href=\"tg://user?id=11\">x</a><tg-spoiler>s</tg-spoiler><code>",
    "&lt;b&gt; &#60;b&#62; &amp;lt; &quot;",
    "#tag $USD /ack /ack@keylapse_bot +49123456789 mail@evil.example",
    "\u{202e}evil\u{202c} \u{2066}x\u{2069} zero\u{200b}width\u{feff}",
    "\\@everyone \\<@1> \\*\\*b\\*\\* \\\\",
];

/// What of a text on Discord lives: signs that no backslash stands before, and what turns it.
fn living(text: &str, our_role: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut code = false;
    let mut chars = text.replace(our_role, "").chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !code => {
                chars.next();
                bare.push('\u{b7}');
            }
            '`' => {
                code = !code;
                bare.push('\u{b7}');
            }
            _ if code => bare.push('\u{b7}'),
            c => bare.push(c),
        }
    }
    let starts = [
        "@everyone",
        "@here",
        "<@",
        "<#",
        "</",
        "<:",
        "<a:",
        "<id:",
        "](",
        "||",
        "~~",
        "__",
        "discord.gg",
    ];
    let mut found: Vec<String> =
        starts.iter().filter(|one| bare.contains(**one)).map(|one| (*one).to_owned()).collect();
    found.extend(bare.contains("evil.example").then(|| "a link".to_owned()));
    found.extend(bare.contains("<t:0:").then(|| "a moment of theirs".to_owned()));
    found.extend(turning(text).map(|c| c.escape_unicode().to_string()));
    found
}

/// Characters that turn or hide text; the joiner and the space that we put in ourselves are none.
fn turning(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| {
        let n = u32::from(*c);
        matches!(n, 0x61c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x206f | 0xfeff | 0xe0000..=0xe007f)
            || (c.is_control() && *c != '\n')
    })
}

/// Everything that was said on Discord: messages, edits, and answers to people.
fn on_discord(house: &House) -> Vec<Value> {
    let state = house.discord.state();
    let is_said = |body: &Value| body.get("embeds").is_some() || body.get("content").is_some();
    let bodies = state.asked.iter().flat_map(|one| [one.body.clone(), one.body["data"].clone()]);
    bodies.filter(is_said).collect()
}

fn assert_tame(house: &House, what: &str) {
    assert_eq!(house.telegram.offences(), Vec::<String>::new(), "{what}");
    for request in house.telegram.requests() {
        let said = request.body["text"].as_str().unwrap_or_default();
        assert_eq!(turning(said).count(), 0, "{what}: {said:?}");
        if matches!(request.method.as_str(), "sendMessage" | "editMessageText") {
            assert_eq!(request.body["link_preview_options"]["is_disabled"], true);
            // A text that is refused has marks that do not match.
            assert_eq!(request.status, 200, "{what}: {said} {}", request.answer);
        }
    }
    for chat in [DESK, ANN.id] {
        while let Some(shown) = house.telegram.read(chat) {
            let alive: Vec<&String> =
                shown.alive.iter().filter(|one| *one != "@ann_trades").collect();
            assert!(alive.is_empty(), "{what}: {alive:?} in {}", shown.text);
            let calls = shown.alive.len();
            assert!(calls <= 1, "{what}: it calls {calls} times: {}", shown.text);
        }
    }
    let role = format!("<@&{TRADERS}>");
    for body in on_discord(house) {
        let allowed = &body["allowed_mentions"];
        assert_eq!(allowed["parse"], json!([]), "{what}: {body}");
        let roles = allowed["roles"].as_array().cloned().unwrap_or_default();
        assert!(roles.is_empty() || roles == [json!(TRADERS.to_string())], "{what}: {body}");
        assert!(allowed["users"].as_array().is_none_or(Vec::is_empty), "{what}: {body}");
        let mut texts = vec![body["content"].as_str().unwrap_or_default().to_owned()];
        for embed in body["embeds"].as_array().into_iter().flatten() {
            texts.extend(
                ["title", "description"]
                    .map(|part| embed[part].as_str().unwrap_or_default().to_owned()),
            );
        }
        for text in texts {
            assert_eq!(living(&text, &role), [""; 0], "{what}: {text}");
        }
    }
}

/// Everybody and everything is called like this.
async fn say_everywhere(text: &str) {
    let mut house = House::build(Plan::QUIET).await;
    let ours = house.ours.clone();
    let note: &'static str = Box::leak(text.to_owned().into_boxed_str());
    house.watch(&ours, "red-bot-1", &[note]).await;
    // All of an exchange's fields together stay below the longest answer that is read.
    let right: String = text.chars().take(2_000).collect();
    assert!(house.stage.simulator.edit("red-bot-1", |key: &mut SimKey| {
        key.permissions.extend(["Withdrawal".to_owned(), right.clone()]);
        key.sub_name = Some(right.clone());
    }));
    house.tells(&ours, text, ANN.id).await;
    house.until_open(&ours, 1).await;
    // A person, a group and a reason with that name.
    for (chat, line) in [
        (DESK, format!("/ack 1 2h {text}")),
        (ANN.id, format!("/faq {text}")),
        (ANN.id, text.to_owned()),
    ] {
        let mut message = house.telegram.message(ANN, chat, &line);
        message["from"]["first_name"] = json!(text);
        message["from"]["last_name"] = json!(text);
        if chat == DESK {
            message["chat"]["title"] = json!(text);
        }
        let update = house.telegram.update(json!({"message": message}));
        house.served(update).await;
    }
    for line in [
        "/keystatus red-bot-1",
        "/why red-bot-1",
        "/alerts",
        "/notify",
        "/settings",
        "/privacy",
        "/upcoming",
    ] {
        let update = house.telegram.writes(ANN, ANN.id, line);
        house.served(update).await;
    }
    let forms: [(&str, &[(&str, &str)]); 8] = [
        ("ack", &[("alert", "1"), ("until", "3h"), ("reason", text)]),
        ("faq", &[("question", text)]),
        ("keystatus", &[("key", "red-bot-1")]),
        ("keystatus", &[("key", text)]),
        ("why", &[("key", "red-bot-1")]),
        ("alerts", &[]),
        ("notify", &[]),
        ("notify", &[("action", "test"), ("receiver", text)]),
    ];
    for (name, options) in forms {
        let options: Vec<Value> = options
            .iter()
            .map(|(name, value)| json!({"name": name, "type": 3, "value": value}))
            .collect();
        let data = json!({"id": "5", "name": name, "type": 1, "options": options});
        let mut event = house.discord.event(2, (MANAGER, in_server()), data);
        event["member"]["nick"] = json!(text);
        event["member"]["user"]["global_name"] = json!(text);
        let id = event["id"].as_str().unwrap().parse().unwrap();
        house.discord.tell("INTERACTION_CREATE", event);
        house.discord.answer(id).await;
    }
    house.pass(TimeDelta::seconds(30)).await;
    let told = house.discord.state().channels[&KEYS].messages.len();
    assert!(told > 0 && on_discord(&house).len() > 8, "{told}");
    assert_tame(&house, text);
    house.close().await;
}

#[test]
fn what_lives_is_found() {
    for text in [
        "@everyone",
        "<@1>",
        "a <@&2>",
        "[x](y)",
        "\\\\@everyone",
        "https://evil.example",
        "\u{202e}x",
        "||x||",
    ] {
        assert!(!living(text, "<@&5>").is_empty(), "{text}");
    }
    for text in
        ["\\<@1\\>", "<@&5> bot", "`[x](y)`", "@\u{200b}everyone", "evil\\.example", "<t:17:R>"]
    {
        assert_eq!(living(text, "<@&5>"), [""; 0], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_in_any_field_come_to_life_on_neither_platform() {
    for text in ALIVE.map(str::to_owned).into_iter().chain(corpus()) {
        say_everywhere(&text).await;
    }
}

//! Test 8: a thousand commands a minute on each platform, and what is meant to choke a reader
//! among them, while a key gains the right to withdraw. The warning must be where it is told
//! within five seconds of the moment at which the key was to be looked at. Everything is measured
//! on the stepped clock of the story, so that a slow machine does not count.

use chrono::{DateTime, TimeDelta, Utc};
use keylapse::clock::Clock;
use keylapse::commands::Limits;
use serde_json::{Value, json};

use super::house::{ANN, DESK, House, Plan};
use crate::fakes::discord::Spot;
use crate::fakes::telegram::{Person, Status};
use crate::stories::discord::town::{KEYS, OWNER, SERVER, TRADER, in_server};
use crate::stories::discord::world::text;

/// Seventeen a second are a thousand a minute.
const A_SECOND: i64 = 17;
/// What somebody would say to make us work.
const LINES: [&str; 6] =
    ["/keystatus", "/check amber-2", "/alerts", "/faq what does 400003 mean", "/help", "/why"];
const WORDS: &str = "can now withdraw";

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!("x"), |inside, _| json!({"x": [inside]}))
}

/// What is no command at all, on Telegram.
fn hostile_update(house: &House, n: i64) -> Value {
    let mut message = house.telegram.message(ANN, DESK, "/faq x");
    match n % 8 {
        0 => message["text"] = json!(format!("/faq {}", "x".repeat(1_000_000))),
        1 => {
            let entity = |n| json!({"type": "bold", "offset": n % 7, "length": 4_096});
            message["entities"] = (0..10_000).map(entity).collect();
        }
        2 => {
            message["text"] =
                json!(format!("/faq {}", "\u{1f469}\u{200d}\u{1f4bb}".repeat(20_000)));
        }
        3 => message["text"] = json!(format!("/ack {}", "z\u{0335}\u{0489}".repeat(50_000))),
        4 => message["entities"] = json!([{"type": "bold", "offset": -5, "length": i64::MAX}]),
        5 => message["quote"] = nested(50),
        6 => message = json!({"message_id": "x", "from": [], "chat": nested(50)}),
        _ => return json!({"message": 7, "callback_query": nested(50)}),
    }
    json!({"message": message})
}

/// The same on Discord.
fn hostile_event(house: &House, n: i64) -> Value {
    let option = |value: Value| json!([{"name": "question", "type": 3, "value": value}]);
    let data = |options: Value| json!({"id": "5", "name": "faq", "type": 1, "options": options});
    let event = |data: Value| house.discord.event(2, (OWNER, in_server()), data);
    match n % 8 {
        0 => event(data(option(json!("x".repeat(1_000_000))))),
        1 => event(data(
            (0..10_000).map(|_| json!({"name": "question", "type": 3, "value": "x"})).collect(),
        )),
        2 => event(data(option(json!("\u{1f469}\u{200d}\u{1f4bb}".repeat(20_000))))),
        3 => event(data(option(json!("z\u{0335}\u{0489}".repeat(50_000))))),
        4 => event(data(json!([{"name": "question", "type": 1, "options": nested(50)}]))),
        5 => event(nested(50)),
        6 => json!({"id": "x", "type": 2, "data": null}),
        _ => json!([]),
    }
}

/// A crowd in the very chats that are told.
struct Crowd {
    said: i64,
}

impl Crowd {
    fn gather(house: &House) -> Self {
        for n in 0..40 {
            let who = Person { id: 5_000 + n, name: "Somebody" };
            house.telegram.meets(who);
            house.telegram.sits(who, DESK, Status::Member);
        }
        Self { said: 0 }
    }

    /// One second of it.
    fn shouts(&mut self, house: &House) {
        for _ in 0..A_SECOND {
            self.said += 1;
            let n = self.said;
            let line = LINES[usize::try_from(n).unwrap() % LINES.len()];
            let who = Person { id: 5_000 + n % 40, name: "Somebody" };
            // Two in three where the warning is to appear.
            let chat = if n % 3 == 0 { who.id } else { DESK };
            house.telegram.writes(who, chat, line);
            let name = line.trim_start_matches('/').split(' ').next().unwrap();
            // Another key: asking for this one would find out before it is due.
            let options: &[(&str, &str)] =
                if name == "check" { &[("key", "amber-2")] } else { &[] };
            let spot = if n % 3 == 0 {
                Spot { guild: None, channel: 77, installed: true }
            } else {
                in_server()
            };
            house.asks([TRADER, OWNER][usize::try_from(n % 2).unwrap()], spot, name, options);
        }
        let n = self.said / A_SECOND;
        house.telegram.update(hostile_update(house, n));
        house.discord.tell("INTERACTION_CREATE", hostile_event(house, n));
    }
}

fn on_telegram(house: &House) -> Option<DateTime<Utc>> {
    let is_it = |one: &crate::fakes::telegram::Request| {
        one.method == "sendMessage"
            && one.status == 200
            && one.body["chat_id"] == DESK
            && one.body["text"].as_str().is_some_and(|text| text.contains(WORDS))
    };
    house.telegram.requests().iter().find(|one| is_it(one)).map(|one| one.at)
}

fn is_on_discord(house: &House) -> bool {
    house.discord.state().channels[&KEYS].messages.iter().any(|one| text(one).contains(WORDS))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_leaves_within_five_seconds_through_a_thousand_commands_a_minute() {
    let plan = Plan { check: "every 24 h", limits: Limits::default() };
    let mut house = House::build(plan).await;
    let ours = house.ours.clone();
    house.watch(&ours, "red-bot-1", &[]).await;
    house.watch(&ours, "amber-2", &[]).await;
    house.gains_withdrawal("red-bot-1");
    let due = "SELECT CAST(d.due_at AS TEXT) FROM duties d JOIN keys k ON k.id = d.subject_id WHERE d.kind = 'probe' AND k.label = 'red-bot-1'".to_owned();
    let due: i64 = house.column(due).await[0].parse().unwrap();
    let due = DateTime::from_timestamp_millis(due).unwrap();
    // Late enough that what answers took of the last minute is still taken.
    let begin = due - TimeDelta::seconds(35);
    house.pass(begin - house.stage.clock.now()).await;
    let mut crowd = Crowd::gather(&house);
    let mut there = (None, None);
    while there.0.is_none() || there.1.is_none() || crowd.said < 60 * A_SECOND {
        let now = house.stage.clock.now();
        assert!(now - due < TimeDelta::seconds(90), "no warning: {there:?}");
        crowd.shouts(&house);
        // As much of it is fetched as the bot takes in.
        let moment = std::time::Duration::from_millis(20);
        let _ = tokio::time::timeout(moment, house.telegram.confirmed(i64::MAX - 1)).await;
        house.pass(TimeDelta::seconds(1)).await;
        there.0 = there.0.or_else(|| on_telegram(&house));
        there.1 = there.1.or_else(|| is_on_discord(&house).then(|| house.stage.clock.now()));
    }
    let late = TimeDelta::seconds(5);
    let (telegram, discord) = (there.0.unwrap(), there.1.unwrap());
    assert!(telegram >= due && discord >= due, "{due}: {telegram} {discord}");
    assert!(telegram - due <= late, "on Telegram after {}", telegram - due);
    assert!(discord - due <= late, "on Discord after {}", discord - due);
    // It was a flood: answers were due, some were given, and most were not.
    assert!(crowd.said >= 60 * A_SECOND, "{}", crowd.said);
    let in_group = |one: &crate::fakes::telegram::Request| {
        one.method == "sendMessage" && one.body["chat_id"] == DESK
    };
    let answered = house.telegram.requests().iter().filter(|one| in_group(one)).count();
    assert!((8..=25).contains(&answered), "{answered}");
    let heard = house.discord.state().talks.values().filter(|talk| talk.kind.is_some()).count();
    assert!(heard > 30, "{heard}");
    assert_eq!(house.discord.state().guilds[&SERVER].owner, OWNER);
    house.close().await;
}

//! Test 6: who looks like somebody and is nobody. Here the house that all of it is tried in, the
//! strangers who come by the thousand, and the operator who is not enough; the raw updates and
//! events are in [`super::updates`] and [`super::forms`].

use chrono::TimeDelta;
use keylapse::clock::Clock;
use keylapse::commands::Role;
use serde_json::json;

use super::house::{ANN, BO, DESK, House, Plan, Tables, differences};
use crate::fakes::discord::Spot;
use crate::fakes::telegram::{Person, Status};
use crate::stories::discord::town::{KEYS, THEIRS, TRADER, in_server};
use crate::stories::discord::world::button;

/// A code that lets in whoever brings it first.
const CODE: &str = "AAAA000000001";

/// A house with an alert that waits for somebody, and a code that waits for anybody.
pub async fn house() -> House {
    let mut house = House::build(Plan::QUIET).await;
    let ours = house.ours.clone();
    house.watch(&ours, "red-bot-1", &[]).await;
    house.gains_withdrawal("red-bot-1");
    house.until_open(&ours, 1).await;
    house.pass(TimeDelta::minutes(90)).await;
    let now = house.stage.clock.now();
    let until = now + TimeDelta::hours(12);
    let workspace = &ours.workspace().id;
    house.stage.store.keep_claim(workspace, Role::Admin, CODE, until, now).await.unwrap();
    house
}

/// All tables but those that say who watches, which is renewed every half minute.
pub async fn rows(house: &House) -> Tables {
    let mut tables = house.tables().await;
    tables.remove("leases").expect("the leases");
    tables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_strangers_on_telegram_leave_no_row_and_get_one_line_each() {
    let house = house().await;
    let before = rows(&house).await;
    let first = house.telegram.asked();
    for n in 0..10_000 {
        let chat = if n % 2 == 0 { 1_000_000 + n } else { -1_000_000 - n };
        let who = Person { id: 1_000_000 + n, name: "Somebody" };
        let kind = if chat > 0 { "private" } else { "supergroup" };
        house.telegram.room(chat, kind, "Somewhere");
        house.telegram.sits(who, chat, Status::Creator);
        house.telegram.writes(who, chat, "/start@keylapse_bot");
        // Some do not leave it at that.
        if n % 10 == 9 {
            house.telegram.writes(who, chat, "/keystatus@keylapse_bot");
        }
        if n % 100 == 99 {
            let last = house.telegram.writes(who, chat, "/start@keylapse_bot");
            // The answers wait for their turn, which comes with the time of the story.
            let moment = std::time::Duration::from_millis(5);
            while tokio::time::timeout(moment, house.telegram.confirmed(last)).await.is_err() {
                house.pass(TimeDelta::seconds(2)).await;
            }
        }
    }
    house.pass(TimeDelta::minutes(2)).await;
    assert_eq!(differences(&before, &rows(&house).await), [""; 0]);
    let said: Vec<_> =
        house.telegram.since(first).into_iter().filter(|one| one.method == "sendMessage").collect();
    let mut chats: Vec<i64> =
        said.iter().map(|one| one.body["chat_id"].as_i64().unwrap()).collect();
    let told = chats.len();
    // What cannot go out in time is not said at all.
    assert!((9_000..=10_000).contains(&told), "{told}");
    chats.sort_unstable();
    chats.dedup();
    assert_eq!(chats.len(), told, "somebody was told twice");
    let line = "This bot is private. Its operator can give you a code.";
    assert!(said.iter().all(|one| one.body["text"].as_str().unwrap().contains(line)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_strangers_on_discord_leave_no_row_and_are_told_one_line_in_private() {
    let house = house().await;
    let before = rows(&house).await;
    let posted = house.discord.state().channels[&THEIRS].messages.len();
    let mut asked = Vec::new();
    for n in 0..10_000 {
        let server = (n % 2 == 0).then_some(5_000_000 + n);
        let spot = Spot { guild: server, channel: 6_000_000 + n, installed: n % 4 < 2 };
        asked.push(house.asks(7_000_000 + n, spot, "keystatus", &[("key", "red-bot-1")]));
        // Discord must be answered within three seconds; people do not come all at once.
        if asked.len() % 50 == 0 {
            house.discord.answer(*asked.last().unwrap()).await;
        }
    }
    let line = "This bot is private. Its operator can give you a code.";
    for id in asked {
        let talk = house.discord.answer(id).await;
        let shown = talk.shown.unwrap();
        let said = crate::stories::discord::world::text(&shown);
        assert_eq!((said.as_str(), talk.ephemeral), (line, true));
        // At once, or on a busy machine promised first.
        assert!(matches!(talk.kind, Some(4 | 5)), "{:?}", talk.kind);
    }
    assert_eq!(differences(&before, &rows(&house).await), [""; 0]);
    assert_eq!(house.discord.state().channels[&THEIRS].messages.len(), posted);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_take_alerts_still_cannot_quieten_the_work_of_a_thief() {
    let house = house().await;
    let grant = house.telegram.writes(ANN, DESK, "/settings role 12 operator");
    house.served(grant).await;
    house.telegram.sits(BO, DESK, Status::Member);
    let on_telegram = std::iter::from_fn(|| house.telegram.read(DESK));
    let alert = on_telegram
        .filter(|shown| !shown.buttons.is_empty())
        .find(|shown| shown.text.contains("withdraw"));
    let alert = alert.expect("the alert");
    let on_discord = house.discord.state().channels[&KEYS].messages.last().unwrap().clone();
    let before = house.ours.open_alerts().await.unwrap();
    for label in ["I'm on it", "Expected, we did it"] {
        let (update, query) = house.telegram.presses(BO, DESK, alert.id, &alert.button(label));
        house.served(update).await;
        assert!(house.telegram.query(&query).is_some());
        let data = json!({"custom_id": button(&on_discord, label).unwrap(), "component_type": 2});
        let id = house.discord.interact(3, (TRADER, in_server()), data, Some(on_discord.clone()));
        let said = house.discord.answer(id).await.shown.unwrap().to_string();
        assert!(said.contains("admin"), "{label}: {said}");
    }
    let id = house.asks(TRADER, in_server(), "ack", &[("alert", "1"), ("until", "3d")]);
    let said = house.discord.answer(id).await.shown.unwrap().to_string();
    assert!(said.contains("admin"), "{said}");
    house.pass(TimeDelta::minutes(1)).await;
    assert_eq!(house.ours.open_alerts().await.unwrap(), before);
    house.close().await;
}

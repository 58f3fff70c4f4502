//! The fake is strict: what the real server refuses it refuses, in the same words.

use std::sync::Arc;

use chrono::TimeDelta;
use keylapse::clock::Stepped;
use serde_json::{Value, json};

use super::people::{Person, Status};
use super::*;

const ANN: Person = Person { id: 11, name: "Ann" };

async fn call(fake: &Fake, method: &str, body: Value) -> (u64, String, Value) {
    match fake.answer(method, &body).await {
        Ok(result) => (200, String::new(), result),
        Err((code, words, parameters)) => (u64::from(code), words, parameters),
    }
}

fn text(chat: i64, text: &str) -> Value {
    json!({"chat_id": chat, "text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": true}})
}

#[tokio::test]
async fn the_fake_refuses_in_the_real_servers_words() {
    let clock = Stepped::new("2027-01-04T10:00:00Z".parse().unwrap());
    let fake = Fake::start(Arc::new(clock.clone())).await;
    fake.meets(ANN);
    fake.room(-5, "group", "Desk");
    let good = call(&fake, "sendMessage", text(-5, "<b>a</b>")).await;
    let id = good.2["message_id"].as_i64().unwrap();
    assert_eq!(good.0, 200);
    let markup = json!({"inline_keyboard": [[{"text": "a", "callback_data": "x".repeat(65)}]]});
    let long = "\u{1F600}".repeat(2049);
    let table = [
        (text(-6, "a"), 400, "chat not found"),
        (text(-5, "a < b"), 400, "can't parse entities"),
        (text(-5, &long), 400, "message is too long"),
        (text(-5, "<b></b>"), 400, "message text is empty"),
        (
            json!({"chat_id": -5, "text": "a", "reply_markup": markup, "link_preview_options": {"is_disabled": true}}),
            400,
            "BUTTON_DATA_INVALID",
        ),
        (
            json!({"chat_id": -5, "text": "a", "message_thread_id": 9, "link_preview_options": {"is_disabled": true}}),
            400,
            "message thread not found",
        ),
        (
            json!({"chat_id": -5, "text": "a", "disable_web_page_preview": true}),
            400,
            "unknown field",
        ),
        (text(-5, "b"), 429, "Too Many Requests"),
    ];
    for (body, code, words) in table {
        let got = call(&fake, "sendMessage", body).await;
        assert_eq!(got.0, code, "{words}: {got:?}");
        assert!(got.1.contains(words), "{words}: {got:?}");
    }
    clock.advance(TimeDelta::seconds(2)).await;
    let mut edit = text(-5, "<b>a</b>");
    edit["message_id"] = json!(id);
    assert!(
        call(&fake, "editMessageText", edit.clone()).await.1.contains("message is not modified")
    );
    edit["message_id"] = json!(999);
    assert!(call(&fake, "editMessageText", edit).await.1.contains("message to edit not found"));
    fake.makes_the_bot(ANN, ANN.id, Status::Kicked);
    assert_eq!(
        call(&fake, "sendMessage", text(ANN.id, "a")).await.1,
        "Forbidden: bot was blocked by the user"
    );
    fake.upgrades(-5, -1005);
    assert_eq!(
        call(&fake, "sendMessage", text(-5, "a")).await.2,
        json!({"migrate_to_chat_id": -1005})
    );
    fake.webhook("https://other.example/");
    assert_eq!(call(&fake, "getUpdates", json!({})).await.0, 409);
    call(&fake, "deleteWebhook", json!({})).await;
    assert!(fake.offences().iter().any(|offence| offence.contains("deleteWebhook")));
}

#[tokio::test]
async fn a_second_poller_ends_the_first_and_updates_wait_until_they_are_confirmed() {
    let clock = Stepped::new("2027-01-04T10:00:00Z".parse().unwrap());
    let fake = Fake::start(Arc::new(clock)).await;
    fake.meets(ANN);
    let first = tokio::spawn({
        let fake = fake.clone();
        async move { call(&fake, "getUpdates", json!({"timeout": 30})).await }
    });
    fake.until("the first poll", |fake| fake.lock().poll == 1).await;
    let update = fake.writes(ANN, ANN.id, "hello");
    // Either the first poll got it or the second one ended it; nothing is lost before it is confirmed.
    let second = call(&fake, "getUpdates", json!({"timeout": 0})).await;
    assert_eq!(second.2[0]["update_id"], update);
    first.await.unwrap();
    let again = call(&fake, "getUpdates", json!({"offset": update + 1, "timeout": 0})).await;
    assert_eq!(again.2, json!([]));
    fake.confirmed(update).await;
}

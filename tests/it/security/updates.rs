//! Test 6 on Telegram: raw updates in which nobody who may do anything does something, though they
//! look like it. Not one row of any table changes; the same words of who may say them change some.

use serde_json::{Value, json};

use super::house::{ANN, BLUE, BO, DESK, EVE, House, differences};
use super::identities::{house, rows};
use crate::fakes::telegram::{BOT, NAME, Status};

/// Words that change something when they come from who may say them.
const DEEDS: [&str; 5] = [
    "/ack 1 2h mine",
    "/notify test desk-group",
    "/settings role 13 admin",
    "/settings anonymous on",
    "/start AAAA-000000001",
];

const SERVICE: [i64; 3] = [777_000, 136_817_688, 1_087_968_824];

/// Fields whose mere presence says that the words are not the author's own.
fn marks([bot, group, channel]: [&Value; 3]) -> [(&'static str, Value); 12] {
    [
        ("via_bot", bot.clone()),
        ("is_automatic_forward", json!(true)),
        ("business_connection_id", json!("b")),
        ("sender_business_bot", bot.clone()),
        ("guest_query_id", json!("g")),
        ("guest_bot_caller_user", ANN.json()),
        ("guest_bot_caller_chat", group.clone()),
        ("is_from_offline", json!(true)),
        ("edit_date", json!(1)),
        ("author_signature", json!("Ann")),
        ("forward_origin", json!({"type": "user", "date": 1, "sender_user": ANN.json()})),
        ("forward_from_chat", channel.clone()),
    ]
}

/// Messages that say `text` and are nobody's own word.
fn messages(house: &House, text: &str) -> Vec<(String, Value)> {
    let fake = &house.telegram;
    let ours = json!({"id": DESK, "type": "supergroup", "title": "Desk"});
    let foreign = json!({"id": -900, "type": "supergroup", "title": "Elsewhere"});
    let channel = json!({"id": -1_009, "type": "channel", "title": "News"});
    let bot = json!({"id": 99, "is_bot": true, "first_name": "x", "username": "x_bot"});
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut message = fake.message(ANN, DESK, text);
        change(&mut message);
        found.push((what.to_owned(), json!({"message": message})));
    };
    for (what, chat) in [("the group", &ours), ("another group", &foreign), ("a channel", &channel)]
    {
        add(&format!("in the name of {what}"), &|m| m["sender_chat"] = chat.clone());
        add(&format!("an anonymous admin of {what}"), &|m| {
            m["from"] = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"});
            m["sender_chat"] = chat.clone();
            m["author_signature"] = json!("Ann");
        });
        add(&format!("channel stand-in of {what}"), &|m| {
            m["from"] = json!({"id": 136_817_688, "is_bot": true, "first_name": "Channel", "username": "Channel_Bot"});
            m["sender_chat"] = chat.clone();
        });
    }
    for id in SERVICE {
        for is_bot in [true, false] {
            add(&format!("service id {id}, bot {is_bot}"), &|m| {
                m["from"] = json!({"id": id, "is_bot": is_bot, "first_name": "Telegram"});
            });
        }
    }
    for (mark, value) in marks([&bot, &ours, &channel]) {
        add(mark, &|m| m[mark] = value.clone());
    }
    add("a bot", &|m| m["from"] = bot.clone());
    add("a bot with Ann's number", &|m| m["from"]["is_bot"] = json!(true));
    add("who does not say whether they are a bot", &|m| {
        m["from"] = json!({"id": ANN.id, "first_name": "Ann"});
    });
    add("nobody", &|m| drop(m.as_object_mut().unwrap().remove("from")));
    add("null", &|m| m["from"] = Value::Null);
    add("a number as text", &|m| m["from"]["id"] = json!(ANN.id.to_string()));
    add("a channel's post", &|m| m["chat"] = channel.clone());
    add("somebody's private chat", &|m| {
        m["chat"] = json!({"id": BO.id, "type": "private", "first_name": "Bo"});
    });
    add("a kind of chat that is none", &|m| m["chat"]["type"] = json!("secret"));
    // Whoever brings a code may use it anywhere: that is what a code is.
    let takes_code = text.starts_with("/start");
    if !takes_code {
        add("another group by the same name", &|m| {
            m["chat"] = json!({"id": -901, "type": "supergroup", "title": "Desk"});
        });
    }
    add("a caption", &|m| {
        let text = m.as_object_mut().unwrap().remove("text").unwrap();
        m["caption"] = text;
    });
    add("words of whom it answers", &|m| {
        m["reply_to_message"] = m.clone();
        m["text"] = json!("/alerts");
    });
    let inside = |kind: &str| (kind.to_owned(), json!({kind: fake.message(ANN, DESK, text)}));
    found.extend(
        [
            "edited_message",
            "channel_post",
            "edited_channel_post",
            "business_message",
            "edited_business_message",
            "guest_message",
            "deleted_business_messages",
        ]
        .map(inside),
    );
    let inline =
        json!({"result_id": "1", "from": ANN.json(), "query": text, "inline_message_id": "i"});
    found.push(("chosen_inline_result".to_owned(), json!({"chosen_inline_result": inline})));
    let query = json!({"id": "1", "from": ANN.json(), "query": text, "offset": ""});
    found.push(("inline_query".to_owned(), json!({"inline_query": query})));
    // Who is a person and may not.
    for (what, who) in [("a member", BO), ("a stranger", EVE)] {
        let mut message = fake.message(who, DESK, text);
        message["from"]["first_name"] = json!("Ann");
        if !takes_code {
            found.push((what.to_owned(), json!({"message": message})));
        }
    }
    found
}

/// Presses of a button that is real.
fn presses(token: &str, message: i64) -> Vec<(String, Value)> {
    let under = json!({"message_id": message, "date": 1, "text": "x", "chat": {"id": DESK, "type": "group", "title": "Desk"},
        "from": {"id": BOT, "is_bot": true, "first_name": "keylapse", "username": NAME}});
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut query = json!({"id": "forged", "from": ANN.json(), "message": under, "chat_instance": "1", "data": token});
        change(&mut query);
        found.push((format!("a press: {what}"), json!({"callback_query": query})));
    };
    add("without a message", &|q| drop(q.as_object_mut().unwrap().remove("message")));
    add("under an inline message", &|q| {
        q.as_object_mut().unwrap().remove("message");
        q["inline_message_id"] = json!("i");
    });
    add("in another group", &|q| {
        q["message"]["chat"] = json!({"id": BLUE, "type": "group", "title": "Desk"});
    });
    add("in a group of nobody", &|q| q["message"]["chat"]["id"] = json!(-999));
    add("in her private chat", &|q| {
        q["message"]["chat"] = json!({"id": ANN.id, "type": "private", "first_name": "Ann"});
    });
    add("in somebody's private chat", &|q| {
        q["message"]["chat"] = json!({"id": BO.id, "type": "private", "first_name": "Bo"});
    });
    add("by nobody", &|q| drop(q.as_object_mut().unwrap().remove("from")));
    add("by a bot", &|q| q["from"]["is_bot"] = json!(true));
    add("of a game", &|q| {
        q.as_object_mut().unwrap().remove("data");
        q["game_short_name"] = json!("g");
    });
    add("by a member", &|q| q["from"] = BO.json());
    add("by a stranger", &|q| q["from"] = EVE.json());
    for id in SERVICE {
        add(&format!("by service id {id}"), &|q| q["from"]["id"] = json!(id));
    }
    found
}

/// What is said of members and chats by who cannot say it.
fn changes(house: &House) -> Vec<(String, Value)> {
    let bot = json!({"id": BOT, "is_bot": true, "first_name": "keylapse", "username": NAME});
    let ours = house.telegram.chat_json(DESK);
    let change = |chat: &Value, old: Status, new: Status, user: &Value| json!({"chat": chat, "from": EVE.json(), "date": 1, "old_chat_member": old.json(user), "new_chat_member": new.json(user)});
    let elsewhere = json!({"id": -902, "type": "group", "title": "Elsewhere"});
    let news = json!({"id": -903, "type": "channel", "title": "News"});
    let moved = |kind: &str, field: &str| {
        let mut message = house.telegram.message(EVE, DESK, "");
        message[field] = json!(-1_000_904);
        (format!("{kind} with {field}"), json!({kind: message}))
    };
    let mut inside = house.telegram.message(EVE, DESK, "x");
    inside["reply_to_message"] =
        json!({"message_id": 1, "chat": ours, "date": 1, "migrate_to_chat_id": -1_000_904});
    vec![
        (
            "chat_member".to_owned(),
            json!({"chat_member": change(&ours, Status::Member, Status::Kicked, &bot)}),
        ),
        (
            "added elsewhere".to_owned(),
            json!({"my_chat_member": change(&elsewhere, Status::Left, Status::Member, &bot)}),
        ),
        (
            "kicked elsewhere".to_owned(),
            json!({"my_chat_member": change(&elsewhere, Status::Member, Status::Kicked, &bot)}),
        ),
        (
            "promoted in a channel".to_owned(),
            json!({"my_chat_member": change(&news, Status::Left, Status::Admin { promotes: true }, &bot)}),
        ),
        (
            "blocked by a stranger".to_owned(),
            json!({"my_chat_member": change(&house.telegram.chat_json(EVE.id), Status::Member, Status::Kicked, &bot)}),
        ),
        (
            "another was kicked".to_owned(),
            json!({"my_chat_member": change(&ours, Status::Member, Status::Kicked, &BO.json())}),
        ),
        (
            "a member that is none".to_owned(),
            json!({"my_chat_member": {"chat": ours, "new_chat_member": 7}}),
        ),
        moved("edited_message", "migrate_to_chat_id"),
        moved("channel_post", "migrate_to_chat_id"),
        moved("guest_message", "migrate_from_chat_id"),
        ("an answer to a move".to_owned(), json!({"message": inside})),
        (
            "a join request".to_owned(),
            json!({"chat_join_request": {"chat": ours, "from": EVE.json(), "date": 1, "user_chat_id": EVE.id}}),
        ),
        ("nothing".to_owned(), json!({})),
        (
            "two things".to_owned(),
            json!({"edited_message": house.telegram.message(ANN, DESK, DEEDS[0]), "channel_post": 7}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_telegram_nobody_but_a_person_in_their_own_name_does_anything() {
    let house = house().await;
    house.telegram.sits(BO, DESK, Status::Member);
    // The last of them has the buttons.
    let told = std::iter::from_fn(|| house.telegram.read(DESK));
    let alert = told.last().expect("the alert");
    let token = alert.button("I'm on it");
    let mut table = presses(&token, alert.id);
    table.extend(changes(&house));
    for deed in DEEDS {
        table.extend(
            messages(&house, deed)
                .into_iter()
                .map(|(what, update)| (format!("{deed}: {what}"), update)),
        );
    }
    assert!(table.len() > 200, "{}", table.len());
    let before = rows(&house).await;
    for (what, update) in table {
        let update = house.telegram.update(update);
        house.served(update).await;
        let changed = differences(&before, &rows(&house).await);
        assert_eq!(changed, [""; 0], "{what}");
    }
    // Each deed, and the press, of Ann herself changes something.
    let mut before = before;
    for deed in DEEDS {
        let update = house.telegram.writes(ANN, DESK, deed);
        house.served(update).await;
        let after = rows(&house).await;
        assert_ne!(differences(&before, &after), [""; 0], "{deed}");
        before = after;
    }
    house.close().await;
}

//! Test 6 on Discord: events in which nobody who has the role in the server does something, though
//! they look like it. Not one row of any table changes; the same of a manager changes some.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::house::{House, differences};
use super::identities::{house, rows};
use crate::fakes::discord::{APP, Spot};
use crate::stories::discord::town::{
    FOREIGN, KEYS, MANAGER, NOBODY, OWNER, SERVER, TRADER, in_server,
};
use crate::stories::discord::world::button;

/// An event of Discord's and what is wrong with it.
fn forged(house: &House, kind: u64, data: &Value) -> Vec<(String, Value)> {
    let member = |event: &mut Value, field: &str, value: Value| event["member"][field] = value;
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut add = |what: &str, person: u64, spot: Spot, change: &dyn Fn(&mut Value)| {
        let mut event = house.discord.event(kind, (person, spot), data.clone());
        change(&mut event);
        found.push((what.to_owned(), event));
    };
    let all = u64::MAX.to_string();
    add("all the permissions of a channel and no role", NOBODY, in_server(), &|_| {});
    add("every permission there is", NOBODY, in_server(), &|e| {
        member(e, "permissions", json!(all));
    });
    add("the bot's permissions", NOBODY, in_server(), &|e| e["app_permissions"] = json!(all));
    add("a role of another server", NOBODY, in_server(), &|e| {
        member(e, "roles", json!([FOREIGN.to_string()]));
    });
    add("the name of the owner", NOBODY, in_server(), &|e| {
        member(e, "nick", json!("owner"));
        e["member"]["user"]["username"] = json!("owner");
    });
    add("one who is in no server", 4_711, in_server(), &|_| {});
    add("brought along", MANAGER, Spot { installed: false, ..in_server() }, &|_| {});
    add("a private chat", OWNER, Spot { guild: None, channel: 77, installed: true }, &|_| {});
    add(
        "a private chat of others",
        OWNER,
        Spot { guild: None, channel: 77, installed: false },
        &|e| e["context"] = json!(2),
    );
    add("a private chat that names the server", OWNER, in_server(), &|e| e["context"] = json!(1));
    add(
        "the manager in another server",
        MANAGER,
        Spot { guild: Some(FOREIGN), channel: KEYS, installed: true },
        &|_| {},
    );
    add(
        "the manager in a server of nobody",
        MANAGER,
        Spot { guild: Some(42), channel: KEYS, installed: true },
        &|_| {},
    );
    add("installed in another server", MANAGER, in_server(), &|e| {
        e["authorizing_integration_owners"] = json!({"0": FOREIGN.to_string()});
    });
    add("installed nowhere", MANAGER, in_server(), &|e| {
        e["authorizing_integration_owners"] = json!({});
    });
    add("no member", MANAGER, in_server(), &|e| {
        let member = e.as_object_mut().unwrap().remove("member").unwrap();
        e["user"] = member["user"].clone();
    });
    add("a member without a user", MANAGER, in_server(), &|e| {
        drop(e["member"].as_object_mut().unwrap().remove("user"));
    });
    add("a bot", MANAGER, in_server(), &|e| e["member"]["user"]["bot"] = json!(true));
    add("a webhook", MANAGER, in_server(), &|e| {
        e["member"]["user"]["bot"] = json!(true);
        e["member"]["user"]["discriminator"] = json!("0000");
        e["webhook_id"] = json!("99");
    });
    add("another application", MANAGER, in_server(), &|e| {
        e["application_id"] = json!("1200000000000000777");
    });
    for other in [1, 5, 9] {
        add(&format!("of the kind {other}"), MANAGER, in_server(), &|e| e["type"] = json!(other));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_discord_nobody_but_who_has_the_role_in_the_server_does_anything() {
    let house = house().await;
    let shown = house.discord.state().channels[&KEYS].messages.last().unwrap().clone();
    let token = button(&shown, "I'm on it").unwrap();
    let form = |name: &str, options: &[(&str, &str)]| {
        let options: Vec<Value> = options
            .iter()
            .map(|(name, value)| json!({"name": name, "type": 3, "value": value}))
            .collect();
        json!({"id": "5", "name": name, "type": 1, "options": options})
    };
    let deeds = [
        (2, form("ack", &[("alert", "1")])),
        (2, form("notify", &[("action", "test"), ("receiver", "desk-channel")])),
        (2, form("settings", &[("what", "role"), ("value", "4711 admin")])),
        (2, form("settings", &[("what", "faq"), ("value", "here")])),
        (3, json!({"custom_id": token, "component_type": 2})),
        (3, json!({"custom_id": token, "component_type": 3, "values": [token]})),
    ];
    let before = rows(&house).await;
    let mut tried = 0;
    for (kind, data) in &deeds {
        for (what, mut event) in forged(&house, *kind, data) {
            if *kind == 3 {
                event["message"] = shown.clone();
            }
            house.discord.tell("INTERACTION_CREATE", event);
            house.caught_up().await;
            let changed = differences(&before, &rows(&house).await);
            assert_eq!(changed, [""; 0], "{data}: {what}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    // Words in a channel, whoever seems to say them; forms that are being typed, and others.
    let author = |id: u64, bot: bool| json!({"id": id.to_string(), "username": "x", "discriminator": "0", "global_name": null, "avatar": null, "bot": bot});
    for (who, bot, webhook) in [(OWNER, false, None), (APP, true, None), (OWNER, true, Some("99"))]
    {
        let mut said = shown.clone();
        said["author"] = author(who, bot);
        said["content"] = json!("/ack 1");
        said["guild_id"] = json!(SERVER.to_string());
        said["member"] = json!({"roles": [], "joined_at": "2026-01-01T00:00:00.000000+00:00", "deaf": false, "mute": false, "flags": 0});
        if let Some(id) = webhook {
            said["webhook_id"] = json!(id);
        }
        for event in ["MESSAGE_CREATE", "MESSAGE_UPDATE"] {
            house.discord.tell(event, said.clone());
        }
    }
    let typing = json!({"id": "5", "name": "ack", "type": 1, "options": [{"name": "alert", "type": 3, "value": "1", "focused": true}]});
    let modal = json!({"custom_id": token, "components": [{"type": 1, "components": [{"type": 4, "custom_id": token, "value": "1"}]}]});
    for (kind, data) in [(4, typing), (5, modal)] {
        for person in [TRADER, MANAGER, OWNER] {
            let event = house.discord.event(kind, (person, in_server()), data.clone());
            house.discord.tell("INTERACTION_CREATE", event);
        }
    }
    house.caught_up().await;
    assert_eq!(differences(&before, &rows(&house).await), [""; 0]);
    // The same of who may changes something.
    let mut before = before;
    for n in [4, 1, 2, 3] {
        let (kind, data) = &deeds[n];
        let mut event = house.discord.event(*kind, (MANAGER, in_server()), data.clone());
        if *kind == 3 {
            event["message"] = shown.clone();
        }
        house.discord.tell("INTERACTION_CREATE", event);
        house.caught_up().await;
        house.pass(TimeDelta::seconds(10)).await;
        let after = rows(&house).await;
        assert_ne!(differences(&before, &after), [""; 0], "{data}");
        before = after;
    }
    house.close().await;
}

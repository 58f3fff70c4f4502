//! What arrives in a channel, how it changes, and what happens when it cannot arrive.

use keylapse::clock::Clock as _;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::world::{KEYS, NIGHT, OWNER, SERVER, TRADER, TRADERS, World, button, in_server, text};
use crate::fakes::discord::{Access, Fake, Push, Trouble};

const LEFT: &str = "can now withdraw";

async fn two_channels() -> World {
    let mut world = World::with(Fake::start().await, &[KEYS, NIGHT]).await;
    world.switch_on().await;
    world
}

fn trouble(world: &World, channel: u64, trouble: Trouble) {
    let mut state = world.fake.state();
    state.channels.get_mut(&channel).unwrap().troubles.push_back(trouble);
}

fn posts(world: &World, channel: u64) -> Vec<u16> {
    let path = format!("/api/v10/channels/{channel}/messages");
    let state = world.fake.state();
    let asked = state.asked.iter().filter(|one| one.method == "POST" && one.path == path);
    asked.map(|one| one.status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_arrives_calls_its_role_and_changes_when_somebody_takes_it() {
    let mut world = World::new().await;
    world.watch("mm_bot-1").await;
    world.loses("mm_bot-1").await;
    let message = world.reads(KEYS, &["mm_bot-1 refused by KuCoin"]);
    let content = message["content"].as_str().unwrap();
    assert!(content.ends_with(&format!("<@&{TRADERS}>")), "{content}");
    let on_it = button(&message, "I'm on it").expect("a button");
    let answer = world.presses(TRADER, in_server(), &message, &on_it).await;
    assert!(answer.ephemeral && answer.kind == 4, "{}", answer.text);
    assert!(answer.text.contains("is on it until"), "{}", answer.text);
    world.pass(TimeDelta::seconds(10)).await;
    let shown = world.now_shown(&message);
    assert!(text(&shown).contains("is on it since"), "{}", text(&shown));
    assert_eq!(shown["edits"], 1);
    assert!(button(&shown, "I'm on it").is_none() && button(&shown, "Undo").is_some());
    world.end("alert").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_gone_or_closed_is_named_and_its_sibling_is_told() {
    let table =
        [(Access::NoView, "View Channel"), (Access::NoSend, "Send Messages and Embed Links")];
    for (access, part) in table {
        let mut world = two_channels().await;
        world.watch("tracker").await;
        world.fake.state().channels.get_mut(&KEYS).unwrap().access = access;
        world.gains_withdrawal("tracker").await;
        world.ring().await;
        let told = world.reads_all(NIGHT);
        assert!(told.contains("tracker can now withdraw"), "{told}");
        assert!(told.contains("gets no warnings") && told.contains(part), "{told}");
        let why = world.lost(KEYS).await.expect("the receiver is lost");
        assert!(why.contains(part) && why.contains(&KEYS.to_string()), "{why}");
        assert_eq!(posts(&world, KEYS), [403], "a lost channel is not asked again");
        world.end(&format!("lost-{access:?}")).await;
    }
    let mut world = two_channels().await;
    world.watch("tracker").await;
    world.fake.state().channels.remove(&KEYS);
    world.fake.tell("CHANNEL_DELETE", json!({
        "id": KEYS.to_string(), "type": 0, "guild_id": SERVER.to_string(), "name": "keys", "position": 0,
        "permission_overwrites": [],
    }));
    while world.lost(KEYS).await.is_none() {
        tokio::task::yield_now().await;
    }
    world.gains_withdrawal("tracker").await;
    let told = world.reads_all(NIGHT);
    assert!(
        told.contains("The channel is gone") && told.contains("tracker can now withdraw"),
        "{told}"
    );
    assert_eq!(posts(&world, KEYS), Vec::<u16>::new());
    world.end("deleted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_throws_the_bot_out_loses_its_channels_and_an_outage_does_not() {
    let world = World::new().await;
    world.fake.tell("GUILD_DELETE", json!({"id": SERVER.to_string(), "unavailable": true}));
    let guild = world.fake.state().guild_event(SERVER);
    world.fake.tell("GUILD_CREATE", guild);
    world.says(TRADER, "alerts", &[]).await;
    assert_eq!(world.lost(KEYS).await, None);
    world.fake.state().guilds.get_mut(&SERVER).unwrap().has_bot = false;
    world.fake.tell("GUILD_DELETE", json!({"id": SERVER.to_string()}));
    let gone = async {
        while world.lost(KEYS).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the receiver is lost");
    assert!(world.lost(KEYS).await.unwrap().contains("invite me again"));
    // Invited again, it is told again.
    world.fake.state().guilds.get_mut(&SERVER).unwrap().has_bot = true;
    let guild = world.fake.state().guild_event(SERVER);
    world.fake.tell("GUILD_CREATE", guild);
    let back = async {
        while world.lost(KEYS).await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("the receiver is back");
    world.end("thrown-out").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_are_obeyed_to_the_second_and_nothing_is_lost() {
    let mut world = two_channels().await;
    world.watch("tracker").await;
    let headers = vec![("retry-after", "90".to_owned()), ("x-ratelimit-scope", "user".to_owned())];
    // The body of a 429 may come without a code.
    let body =
        json!({"message": "You are being rate limited.", "retry_after": 90.0, "global": false});
    trouble(&world, KEYS, Trouble::Answer(429, body, headers));
    let more = "Withdrawal".to_owned();
    assert!(world.stage.simulator.edit("tracker", |key| key.permissions.push(more)));
    while posts(&world, KEYS).is_empty() {
        world.pass(TimeDelta::seconds(5)).await;
    }
    world.reads(NIGHT, &["tracker", LEFT]);
    world.pass(TimeDelta::seconds(85)).await;
    assert_eq!(posts(&world, KEYS), [429]);
    world.pass(TimeDelta::seconds(10)).await;
    assert_eq!(posts(&world, KEYS), [429, 200]);
    world.reads(KEYS, &["tracker", LEFT]);
    world.end("too-many").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_of_one_401_costs_a_minute_of_quiet_and_no_warning() {
    let mut world = World::new().await;
    world.watch("tracker").await;
    let body = json!({"message": "401: Unauthorized", "code": 0});
    trouble(&world, KEYS, Trouble::Answer(401, body, Vec::new()));
    let more = "Withdrawal".to_owned();
    assert!(world.stage.simulator.edit("tracker", |key| key.permissions.push(more)));
    while posts(&world, KEYS).is_empty() {
        world.pass(TimeDelta::seconds(5)).await;
    }
    let asked = world.fake.state().asked.len();
    world.pass(TimeDelta::seconds(55)).await;
    assert_eq!(world.fake.state().asked.len(), asked, "nothing at all is asked meanwhile");
    world.pass(TimeDelta::seconds(10)).await;
    assert_eq!(posts(&world, KEYS), [401, 200]);
    world.reads(KEYS, &["tracker", LEFT]);
    assert_eq!(world.lost(KEYS).await, None);
    world.end("one-401").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_which_nobody_knows_is_never_shown_twice() {
    for (name, kind, asked) in [
        ("cut-after", Trouble::DoneAndCut, 2),
        ("cut-before", Trouble::Cut, 2),
        // Ten seconds of real time: the only story that waits for a time-out.
        ("hanging", Trouble::DoneAndHang, 2),
        ("garbage", Trouble::DoneAndGarbage, 2),
        ("busy", Trouble::Answer(503, json!("upstream"), Vec::new()), 2),
    ] {
        let mut world = World::new().await;
        world.watch("tracker").await;
        trouble(&world, KEYS, kind);
        world.gains_withdrawal("tracker").await;
        world.pass(TimeDelta::minutes(1)).await;
        let told = world.reads(KEYS, &["tracker", LEFT]);
        assert_eq!(posts(&world, KEYS).len(), asked, "{name}");
        // What stands there works, whichever try it came from.
        let on_it = button(&told, "I'm on it").expect("a button");
        let taken = world.presses(OWNER, in_server(), &told, &on_it).await;
        assert!(taken.text.contains("is on it until"), "{name}: {}", taken.text);
        world.end(name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_looked_for_when_its_nonce_may_be_forgotten() {
    let mut world = World::new().await;
    world.watch("tracker").await;
    trouble(&world, KEYS, Trouble::DoneAndCut);
    // Long enough refused for Discord to forget the nonce.
    let headers = vec![("retry-after", "300".to_owned())];
    trouble(&world, KEYS, Trouble::Answer(429, json!({"retry_after": 300.0}), headers));
    world.gains_withdrawal("tracker").await;
    world.fake.state().channels.get_mut(&KEYS).unwrap().nonces.clear();
    world.pass(TimeDelta::minutes(10)).await;
    world.reads(KEYS, &["tracker", LEFT]);
    assert_eq!(posts(&world, KEYS).len(), 2);
    let looked =
        |one: &crate::fakes::discord::Asked| one.method == "GET" && one.path.ends_with("?limit=50");
    assert!(world.fake.state().asked.iter().any(looked));
    world.end("looked-for").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_is_told_in_a_few_messages_and_nothing_of_it_is_lost() {
    const KEYS_IN_IT: usize = 60;
    let mut world = World::new().await;
    for n in 0..KEYS_IN_IT {
        world.watch(&format!("bot-{n:02}")).await;
    }
    for n in 0..KEYS_IN_IT {
        let more = "Withdrawal".to_owned();
        let label = format!("bot-{n:02}");
        assert!(world.stage.simulator.edit(&label, |key| key.permissions.push(more)));
    }
    // The gateway is cut in the middle of it; posts do not need it, and it is resumed.
    world.pass(TimeDelta::minutes(2)).await;
    world.fake.end_gateway(vec![Push::Drop]);
    world.pass(TimeDelta::minutes(6)).await;
    world.fake.until("the gateway is resumed", |state| state.resumes == 1).await;
    let told = posts(&world, KEYS);
    // Checks are spread over five minutes: some ten messages in each of them, not one a key.
    assert!((2..=45).contains(&told.len()), "{} messages", told.len());
    world.reads_all(KEYS);
    let open = world.stage.desk.open_tellings().await.unwrap();
    assert_eq!(open.len(), KEYS_IN_IT);
    assert_eq!(world.stage.store.next_delivery(world.stage.clock.now()).await.unwrap(), None);
    let list = world.says(TRADER, "alerts", &[]).await;
    assert!(list.text.contains("60 alerts open"), "{}", list.text);
    println!("{KEYS_IN_IT} keys at once: {} messages", told.len());
    world.end("storm").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_are_dead_in_a_channel() {
    let mut world = World::new().await;
    let label = "x <t:0:R> **b** <@&77>";
    world.watch(label).await;
    world.gains_withdrawal(label).await;
    let message = world.reads(KEYS, &[]);
    let raw = format!("{}{}", message["content"], message["embeds"]);
    assert!(!raw.contains(" <t:0") && !raw.contains(" **b") && !raw.contains(" <@&77>"), "{raw}");
    world.end("hostile").await;
}

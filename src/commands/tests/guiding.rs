//! `/fix` and `/security`: what is known is not asked, what is asked ends, and nothing of a key
//! is said to who may not see it.

use chrono::TimeDelta;

use super::super::*;
use super::world::*;
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::guide::fix::{Fix, Says, Which};
use crate::domain::id::KeyId;
use crate::domain::permission::Power;
use crate::domain::receiver::Platform;

const STALE: &str = "That button is no longer valid; /alerts shows what is open.";

fn bad(fault: Fault, code: &str) -> Outcome {
    Outcome::Bad { fault, code: Some(code.to_owned()) }
}

fn action(reply: &Reply, label: &str) -> Action {
    let mut buttons = reply.cards.iter().flat_map(|card| &card.buttons);
    let found = buttons.find(|button| button.label == label);
    found.unwrap_or_else(|| panic!("no {label:?} in\n{}", plain(reply))).action.clone()
}

/// Goes on from a reply by these buttons; the last answer.
async fn go(world: &World, role: Role, mut reply: Reply, labels: &[&str]) -> Reply {
    for label in labels {
        assert!(reply.private && reply.cards[0].buttons.len() <= 8, "{}", plain(&reply));
        reply = world.press(role, action(&reply, label)).await;
    }
    reply
}

#[tokio::test]
async fn a_refused_address_is_the_end_without_a_question() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, bad(Fault::IpRefused, "400006"), at(30)).await;
    let reply = world.say(Role::Viewer, "/fix").await;
    let text = plain(&reply);
    for part in [
        "? mm-bot-1: this machine's address is not on the key's list\nWhy: KuCoin said so to this machine under 1 min ago (400006). Your bot is affected only if it uses the same address.",
        "\n1. Check open positions and orders by hand.\n",
        "[Steps] [Check again] [My bot says something else] [It uses another key]",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let asked = go(&world, Role::Viewer, reply, &["My bot says something else"]).await;
    assert!(plain(&asked).starts_with("What does your bot's last error line say?"));
    let end = go(&world, Role::Viewer, asked, &["Passphrase (400004)"]).await;
    assert!(plain(&end).starts_with("▲ mm-bot-1: the passphrase is wrong"), "{}", plain(&end));
}

#[tokio::test]
async fn a_key_that_works_leads_to_what_differs_on_the_bots_side() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, good(), at(30)).await;
    let asked = world.say(Role::Viewer, "/fix MM-bot-1").await;
    let text = plain(&asked);
    assert!(text.contains("mm-bot-1 works from this machine (checked under 1 min ago)"), "{text}");
    let walks: [(&[&str], &str); 5] = [
        (&["IP address (400006)"], "▲ mm-bot-1: the bot's address is not on the key's list"),
        (&["Key does not exist (400003)", "No, another"], "▲ mm-bot-1: the bot uses another key"),
        (
            &["Key does not exist (400003)", "Yes, this key", "A different site or sandbox"],
            "▲ mm-bot-1: the bot asks another site than the key's",
        ),
        (
            &["I do not know", "Somewhere else"],
            "? mm-bot-1: most likely the bot's address is not on the key's list",
        ),
        (&["There is no error"], "▲ mm-bot-1: it is not the key; look at the bot itself"),
    ];
    for (labels, expected) in walks {
        let end = go(&world, Role::Viewer, asked.clone(), labels).await;
        let text = plain(&end);
        assert!(text.starts_with(expected), "{labels:?}: {text}");
        assert!(text.contains("1. Check open positions and orders by hand."), "{text}");
        assert!(text.contains("[Steps] [Check again]"), "{text}");
    }
    let status = world.text(Role::Viewer, "/keystatus").await;
    assert!(status.contains("It may use another address or another key: /fix\n"), "{status}");
}

#[tokio::test]
async fn the_exchange_is_asked_first_and_its_slowness_is_said() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let text = world.text(Role::Viewer, "/fix").await;
    assert!(text.contains("mm-bot-1: no answer to my question so far"), "{text}");
    let audit = world.home.audit(1).await.unwrap();
    assert_eq!(audit[0].action.as_str(), "key.checked");
    // A whole walk costs the exchange one question, and a walk is no flood.
    let fresh = Command::Fix { key: None };
    assert!(Spec::of(&fresh).asks_exchange());
    let step = Fix { says: Some(Says::Else), ..Fix::default() };
    let step = Action::Fix { fix: step };
    let step = Command::Press { action: step, rev: None, shown_at: None, is_late: false };
    assert!(!Spec::of(&step).asks_exchange());
}

#[tokio::test]
async fn an_exchange_that_is_down_is_the_end_for_each_of_its_keys() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for label in ["arb-2", "grid-eu", "hedge"] {
        ids.push(world.own(&world.home, label).await);
    }
    for minute in [18, 24, 30] {
        for id in &ids {
            world.look(id, bad(Fault::ExchangeDown, "503000"), at(minute)).await;
        }
    }
    let choice = world.say(Role::Viewer, "/fix").await;
    assert!(plain(&choice).starts_with("Which key does your bot use?\n[arb-2] "));
    let end = go(&world, Role::Viewer, choice, &["hedge"]).await;
    let text = plain(&end);
    let title = "? hedge: it is the exchange or the way to it, not the key\nWhy: it is so for all keys of KuCoin here (#";
    assert!(text.starts_with(title), "{text}");
}

#[tokio::test]
async fn who_may_not_see_keys_walks_without_a_fact() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, bad(Fault::IpRefused, "400006"), at(30)).await;
    let own = Fix { key: Some(Which::Watched(id)), ..Fix::default() };
    for reply in [
        world.say(Role::Anyone, "/fix").await,
        world.say(Role::Anyone, "/fix mm-bot-1").await,
        // A button from when they were still a viewer.
        world.press(Role::Anyone, Action::Fix { fix: own }).await,
    ] {
        let labels = ["Key does not exist (400003)", "Listed and valid", "The key's own site"];
        let mut reply = reply;
        for label in labels {
            assert!(!plain(&reply).contains("mm-bot"), "{}", plain(&reply));
            reply = go(&world, Role::Anyone, reply, &[label]).await;
        }
        let text = plain(&reply);
        assert!(text.starts_with("▲ Cause: the key in the bot is not the whole key"), "{text}");
        assert!(!text.contains("mm-bot"), "{text}");
        world.say(Role::Anyone, "/cancel").await;
    }
    // In a Telegram group there is no private chat to walk in: all of it at once.
    let mut asked = invocation(Role::Anyone, Command::Fix { key: None });
    asked.place = Place { platform: Platform::Telegram, chat: "-5".to_owned(), ..place(false) };
    let reply = world.counter.run(&world.home, &asked).await;
    assert!(!reply.private && reply.cards[0].buttons.is_empty());
    assert!(plain(&reply).contains("- /faq 400006: the bot's address"), "{}", plain(&reply));
}

#[tokio::test]
async fn a_walk_is_taken_up_again_or_left() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, good(), at(30)).await;
    let nothing = "Nothing is under way here. /help lists what you can ask.";
    assert_eq!(world.text(Role::Viewer, "/cancel").await, nothing);
    let asked = world.say(Role::Viewer, "/fix").await;
    go(&world, Role::Viewer, asked, &["Key does not exist (400003)"]).await;
    let again = world.say(Role::Viewer, "/fix").await;
    let text = plain(&again);
    assert!(text.starts_with("You are in the middle of /fix for mm-bot-1\n"), "{text}");
    assert!(text.ends_with("[Go on] [Start over]"), "{text}");
    let on = go(&world, Role::Viewer, again.clone(), &["Go on"]).await;
    assert!(plain(&on).contains("does the bot use this very key?"), "{}", plain(&on));
    let over = go(&world, Role::Viewer, again, &["Start over"]).await;
    assert!(plain(&over).starts_with("What does your bot's last error line say?"));
    let left = world.text(Role::Viewer, "/cancel").await;
    assert_eq!(left, "You have left /fix. Begin it again when you like.");
    assert_eq!(world.text(Role::Viewer, "/cancel").await, nothing);
    // Whoever has come to an end is nowhere any more; so is who was away for two days.
    let asked = world.say(Role::Viewer, "/fix").await;
    go(&world, Role::Viewer, asked.clone(), &["IP address (400006)"]).await;
    assert_eq!(world.text(Role::Viewer, "/cancel").await, nothing);
    go(&world, Role::Viewer, asked, &["Some other error"]).await;
    let mut later = invocation(Role::Viewer, Command::Cancel);
    later.at += TimeDelta::days(2);
    assert_eq!(plain(&world.counter.run(&world.home, &later).await), nothing);
}

#[tokio::test]
async fn another_workspaces_key_is_as_unknown_as_a_made_up_one() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let theirs = world.own(&world.other, "their-bot").await;
    for key in [theirs, KeyId("nowhere".into())] {
        for says in [None, Some(Says::Unknown)] {
            let which = Some(Which::Watched(key.clone()));
            let fix = Fix { key: which, says, ..Fix::default() };
            let reply = world.press(Role::Admin, Action::Fix { fix }).await;
            assert_eq!(plain(&reply), STALE);
        }
        let reply = world.press(Role::Admin, Action::Security { key }).await;
        assert_eq!(plain(&reply), STALE);
    }
    let choice = world.text(Role::Viewer, "/fix their-bot").await;
    let expected = "No key here has that label. Which one does it use?\n[mm-bot-1] [Another key]";
    assert_eq!(choice, expected);
    let another = world.text(Role::Viewer, "/fix another").await;
    assert!(another.starts_with("What does your bot's last error line say?"), "{another}");
    assert!(!another.contains("mm-bot-1"), "{another}");
}

#[tokio::test]
async fn the_checklist_says_what_is_done_what_is_not_and_what_nobody_else_can_see() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, good(), at(26)).await;
    let text = world.text(Role::Viewer, "/security").await;
    let first = "▲ mm-bot-1: 7 of 13 done, 2 to do, 4 that only you can see\n- ▲ To do: nobody has said yet that a warning arrives.";
    assert!(text.starts_with(first), "{text}");
    for part in [
        "- ? Only you can see: an authenticator on the account",
        "- ● Done: it cannot withdraw.",
        "- ● Done: one program uses it.",
        "as KuCoin said 4 min ago.",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    world.look(&id, gained(Power::Withdraw, "Withdrawal"), at(28)).await;
    let text = world.text(Role::Viewer, "/security mm-bot-1").await;
    assert!(text.starts_with("✖ mm-bot-1: 6 of 13 done, 3 to do"), "{text}");
    assert!(text.lines().nth(1).unwrap().starts_with("- ✖ To do: it can withdraw."), "{text}");
}

#[tokio::test]
async fn several_keys_are_an_overview_with_the_gravest_first() {
    let world = World::new().await;
    let keys = world.text(Role::Viewer, "/security").await;
    assert!(keys.starts_with("No keys are watched here yet."), "{keys}");
    world.own(&world.home, "arb-2").await;
    let bad = world.own(&world.home, "mm-bot-1").await;
    world.look(&bad, gained(Power::Withdraw, "Withdrawal"), at(28)).await;
    let text = world.text(Role::Viewer, "/security").await;
    assert_eq!(
        text,
        "✖ 2 of 2 keys have something to do\n\
         - ✖ mm-bot-1: can withdraw, nobody has seen a test warning, nobody second is told\n\
         - ▲ arb-2: nobody has seen a test warning, nobody second is told\n\
         [mm-bot-1] [arb-2]"
    );
    let reply = world.say(Role::Viewer, "/security").await;
    let one = world.press(Role::Viewer, action(&reply, "arb-2")).await;
    assert!(plain(&one).starts_with("▲ arb-2: 7 of 13 done"), "{}", plain(&one));
}

#[tokio::test]
async fn a_pasted_error_answers_the_question_for_it_and_nothing_later() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, good(), at(30)).await;
    let pasted = r#"/faq kucoin {"code":"400004","msg":"Invalid KC-API-PASSPHRASE"}"#;
    let plainly = world.text(Role::Viewer, pasted).await;
    assert!(!plainly.contains("mm-bot-1: the passphrase"), "nobody asked: {plainly}");
    let asked = world.text(Role::Viewer, "/fix").await;
    assert!(asked.contains("or paste the line here"), "{asked}");
    // Another person's paste is theirs.
    let theirs = {
        let mut other = invocation(Role::Viewer, parse(pasted).unwrap());
        other.actor.id = "another".to_owned();
        plain(&world.counter.run(&world.home, &other).await)
    };
    assert!(!theirs.contains("mm-bot-1: the passphrase"), "{theirs}");
    let end = world.text(Role::Viewer, pasted).await;
    assert!(end.starts_with("▲ mm-bot-1: the passphrase is wrong"), "{end}");
    let after = world.text(Role::Viewer, pasted).await;
    assert!(!after.contains("mm-bot-1: the passphrase"), "the walk is over: {after}");
}

#[tokio::test]
async fn a_label_typed_alone_shows_its_key_to_who_may_see_it() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let shown = world.text(Role::Viewer, "/faq MM-bot-1").await;
    assert!(shown.contains("mm-bot-1") && shown.contains("Watch: this very key"), "{shown}");
    let hidden = world.text(Role::Anyone, "/faq mm-bot-1").await;
    assert!(!hidden.contains("Watch:"), "{hidden}");
}

#[tokio::test]
async fn an_end_has_the_steps_of_its_own_cause_and_what_is_known_of_the_key() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, good(), at(30)).await;
    let asked = world.say(Role::Viewer, "/fix").await;
    let unknown = ["Key does not exist (400003)", "Yes, this key"];
    let same = go(&world, Role::Viewer, asked.clone(), &unknown[..1]).await;
    assert!(plain(&same).starts_with("mm-bot-1: does the bot use this very key?"));
    for (last, expected) in [
        ("Not that exchange at all", "Set the bot's exchange to the one that made the key"),
        ("The key's own site", "Copy the whole key again"),
    ] {
        let end = go(&world, Role::Viewer, asked.clone(), &[unknown[0], unknown[1], last]).await;
        assert!(plain(&end).contains(expected), "{}", plain(&end));
    }
    let end = go(&world, Role::Viewer, asked, &["Permission (400007)"]).await;
    assert!(plain(&end).contains("May: General"), "{}", plain(&end));
}

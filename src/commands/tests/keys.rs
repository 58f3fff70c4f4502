//! Looking at keys: status, detail, check, upcoming, why.

use chrono::TimeDelta;

use super::super::*;
use super::world::*;
use crate::domain::card::Action;
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::permission::Power;
use crate::store::duty::DutyKind;

#[tokio::test]
async fn without_keys_it_is_said_how_to_add_one() {
    let world = World::new().await;
    for line in ["/keystatus", "/keystatus x", "/check", "/why", "/upcoming"] {
        let text = world.text(Role::Viewer, line).await;
        assert!(text.starts_with("No keys are watched here yet."), "{line}: {text}");
        assert!(text.contains("keylapse key add"), "{line}");
    }
    let text = world.text(Role::Viewer, "/alerts").await;
    assert_eq!(text, "Nothing open. No key is checked here.");
}

async fn busy_desk() -> World {
    let world = World::new().await;
    let keys = ["mm-bot-1", "tracker", "arb-2", "grid-eu", "hedge"];
    let mut ids = Vec::new();
    for label in keys {
        ids.push(world.own(&world.home, label).await);
    }
    world.declared(&world.home, "old-sub", Some("2026-12-05")).await;
    world.refuse(&ids[0], 2).await;
    world.look(&ids[1], ending(7), at(26)).await;
    for id in &ids[2..] {
        world.look(id, good(), at(26)).await;
    }
    world.look(&ids[0], refused(), at(26)).await;
    world
}

#[tokio::test]
async fn the_list_reads_worst_first_and_folds_the_fine_ones() {
    let world = busy_desk().await;
    let text = world.text(Role::Viewer, "/keystatus").await;
    assert_eq!(
        text,
        "✖ Desk: 1 broken, 2 soon, 3 fine\n\
         - ✖ mm-bot-1: refused since 14:02\n\
         - ▲ tracker: 6 days 23 hours left (KuCoin's date)\n\
         - ▲ old-sub: expires in 12 days (your date; not checked)\n\
         - ● 3 fine: arb-2, grid-eu, hedge\n\
         Checked 4 min ago.\n\
         [mm-bot-1] [tracker] [old-sub] [Show all]"
    );
    let all = plain(&world.press(Role::Viewer, Action::AllKeys).await);
    assert!(
        all.contains("- ● hedge: ends Fri 11 Jun 15:00, in 199 days 23 hours (KuCoin's own date)"),
        "{all}"
    );
    assert!(
        !text.contains("6705") && !all.contains("6705"),
        "a fingerprint outside the detail view"
    );
}

#[tokio::test]
async fn a_checker_that_stopped_is_the_first_thing_said() {
    let world = busy_desk().await;
    let mut later = invocation(Role::Viewer, Command::Keystatus { key: None });
    later.at = at(26 + 60);
    let text = plain(&world.counter.run(&world.home, &later).await);
    assert!(text.lines().nth(1).unwrap().starts_with("- ? No check since 14:26"), "{text}");
    assert!(text.contains("unknown"), "{text}");
}

#[tokio::test]
async fn many_bad_keys_are_folded_after_eight_lines() {
    let world = World::new().await;
    for n in 0..11 {
        world.declared(&world.home, &format!("sub-{n}"), Some("2026-11-27")).await;
    }
    let text = world.text(Role::Viewer, "/keystatus").await;
    assert_eq!(text.lines().filter(|line| line.starts_with("- ▲")).count(), 8, "{text}");
    assert!(text.contains("and 3 more like these: Show all."), "{text}");
}

#[tokio::test]
async fn one_key_in_detail_says_what_is_known_and_what_is_not() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, good(), at(26)).await;
    let text = world.text(Role::Viewer, "/keystatus").await;
    let expected = [
        "● mm-bot-1: works",
        "KuCoin accepts this key from this machine. Bot still failing? It may use another address or another key: /fix",
        "- Ends Fri 11 Jun 15:00, in 199 days 23 hours (KuCoin's own date)",
        "- May: General, Spot. Address: bound to 203.**.154",
        "- Account: 42, sub-account grid",
        "- Stops with it: grid bot on fra-2",
        "- Watch: this very key, every 5 min. It sees whether the key works from this machine, not whether your bot does",
        "- Last check: accepted 4 min ago; next check 14:31",
        "- Key id: 6705…d3eb",
        "[Check now] [Why]",
    ];
    assert_eq!(text, expected.join("\n"));
    let same = world.text(Role::Viewer, "/keystatus MM-BOT-1").await;
    assert_eq!(same, text);
    let near = world.text(Role::Viewer, "/keystatus mmbot").await;
    assert_eq!(near, "No key here has that label. Is it one of these?\n[mm-bot-1]");
}

#[tokio::test]
async fn a_broken_key_leads_with_the_break() {
    let world = busy_desk().await;
    let text = world.text(Role::Viewer, "/keystatus mm-bot-1").await;
    assert!(text.starts_with("✖ mm-bot-1 refused by KuCoin since 14:02\n"), "{text}");
    assert!(text.contains("1. Check open positions and orders by hand."), "{text}");
    assert!(text.contains("Last check: 4 min ago with code 400003, last accepted 14:10"), "{text}");
    assert!(!text.contains("accepts this key"), "{text}");
    assert!(text.ends_with("[Steps] [I'm on it] [Already replaced] [Check now] [Why]"), "{text}");
}

#[tokio::test]
async fn a_check_waits_for_the_look_that_it_asked_for() {
    let mut world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    let (mut alarm, clock) = (world.checks.take().unwrap(), world.clock.clone());
    let (store, looked, asked) = (world.store.clone(), world.looked.clone(), id.clone());
    let checker = tokio::spawn(async move {
        alarm.wait(&clock, None).await;
        let due = store.claim_due(at(30), TimeDelta::minutes(1), 10).await.unwrap();
        assert!(due.iter().any(|claim| claim.key == asked && claim.kind == DutyKind::Probe));
        look(&store, &asked, good(), at(30)).await;
        looked.send(asked).unwrap();
    });
    let text = world.text(Role::Viewer, "/check").await;
    checker.await.unwrap();
    assert!(text.contains("Last check: accepted under 1 min ago"), "{text}");
    let audit = world.home.audit(1).await.unwrap();
    assert_eq!(
        (audit[0].action.as_str(), audit[0].target.as_deref()),
        ("key.checked", Some("mm-bot-1"))
    );
    assert_eq!(audit[0].actor, "Kim (console 7)");
    // Asked again at once: the fresh look is the answer, nobody is woken.
    let again = world.text(Role::Viewer, "/check").await;
    assert_eq!(again, text);
}

#[tokio::test]
async fn a_slow_exchange_gets_an_honest_answer() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let text = world.text(Role::Viewer, "/check").await;
    assert!(text.starts_with("? mm-bot-1: still checking\nNo answer so far."), "{text}");
    assert!(text.ends_with("[Look again]"), "{text}");
}

#[tokio::test]
async fn a_date_cannot_be_asked_and_several_keys_are_a_choice() {
    let world = World::new().await;
    world.declared(&world.home, "old-sub", Some("2026-12-05")).await;
    let text = world.text(Role::Viewer, "/check").await;
    let known = "old-sub is a date only: nothing can be asked\nWhat is known: ends Sat 5 Dec, in 12 days (your date; not checked).\n";
    assert!(text.starts_with(known), "{text}");
    world.declared(&world.home, "older-sub", Some("2026-12-06")).await;
    for line in ["/check", "/check nothing-like-it"] {
        let text = world.text(Role::Viewer, line).await;
        assert!(text.starts_with("None of the keys here can be asked"), "{line}: {text}");
    }
    world.own(&world.home, "tracker").await;
    world.own(&world.home, "hedge").await;
    for (line, choices) in [("/check", 2), ("/why", 4), ("/check nothing-like-it", 2)] {
        let reply = world.say(Role::Viewer, line).await;
        assert_eq!(reply.cards[0].buttons.len(), choices, "{line}");
        assert!(reply.private, "{line}");
        assert!(choices == 4 || !plain(&reply).contains("sub]"), "{line}");
    }
    let named = world.text(Role::Viewer, "/check old-sub").await;
    assert!(named.starts_with(known), "{named}");
}

#[tokio::test]
async fn upcoming_orders_by_date_with_its_certainty() {
    let world = busy_desk().await;
    world.declared(&world.home, "nobody-knows", None).await;
    let text = world.text(Role::Viewer, "/upcoming").await;
    assert_eq!(
        text,
        "▲ 2 keys end within 30 days\n\
         - ▲ tracker: Mon 30 Nov 14:00, in 6 days 23 hours (KuCoin's own date); next warning Fri 27 Nov 14:00\n\
         - ▲ old-sub: Sat 5 Dec, in 12 days (your date; not checked); next warning Sat 28 Nov 09:00\n\
         After that: arb-2 ends Fri 11 Jun 15:00, in 199 days 23 hours.\n\
         - ? End date unknown: nobody-knows. Look it up at KuCoin and tell me on the host: keylapse key edit"
    );
    let text = world.text(Role::Viewer, "/upcoming 5").await;
    assert!(text.starts_with("● No known end within 5 days"), "{text}");
    let text = world.text(Role::Viewer, "/upcoming all").await;
    assert_eq!(text, ParseError::Days.to_string());
}

#[tokio::test]
async fn why_tells_who_heard_and_why_others_did_not() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    // 03:00 in Berlin: a warning waits for the morning, a refusal does not.
    world.look(&id, ending(3), at(-11 * 60)).await;
    let text = world.text(Role::Viewer, "/why").await;
    assert!(text.contains("opened: night desk waits for the morning, 09:00"), "{text}");
    assert!(text.starts_with("▲ mm-bot-1: why it needs somebody\n#1 mm-bot-1: "), "{text}");
    world.refuse(&id, 0).await;
    world.deliver(at(11)).await;
    world.say(Role::Operator, "/ack 2 2h on the phone").await;
    let text = world.text(Role::Viewer, "/why mm-bot-1").await;
    assert!(text.contains("Mon 23 Nov 14:10 opened: night desk told 14:11"), "{text}");
    assert!(text.contains("night desk: covered by #2, told there"), "{text}");
    assert!(
        text.contains("taken by Kim: the message from before was brought up to date"),
        "{text}"
    );
    assert!(text.contains("Next by its date: "), "{text}");
    assert!(text.contains("Next check "), "{text}");
    // The gravest of what is open, in the words of its entry.
    assert!(text.contains("What it means: KuCoin does not know this key on this site."), "{text}");
    assert!(text.contains("[Steps]"), "{text}");
    // Whoever takes it for longer has it already.
    world.say(Role::Operator, "/ack 2 4h still on the phone").await;
    let text = world.text(Role::Viewer, "/why mm-bot-1").await;
    assert_eq!(text.matches("taken by Kim").count(), 1, "{text}");
}

#[tokio::test]
async fn what_the_exchanges_alert_says_is_counted_once_and_named_under_it() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for label in ["arb-2", "grid-eu", "hedge"] {
        ids.push(world.own(&world.home, label).await);
    }
    let down = || Outcome::Bad { fault: Fault::ExchangeDown, code: Some("503000".into()) };
    for minute in [0, 5, 11] {
        for id in &ids {
            world.look(id, down(), at(minute)).await;
        }
    }
    world.deliver(at(11)).await;
    let text = world.text(Role::Viewer, "/alerts").await;
    let no = |text: &str| text.split('#').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let fleet = no(&text);
    assert!(text.starts_with("? 1 alert open, 1 with nobody on it\n"), "{text}");
    let covered = text.lines().find(|line| line.contains("covered by"));
    let covered = covered.unwrap_or_else(|| panic!("{text}"));
    assert!(covered.starts_with(&format!("- covered by #{fleet}: #")), "{text}");
    assert_eq!(covered.matches('#').count(), 4, "{text}");
    assert_eq!(text.matches("[I'm on").count(), 1, "{text}");
    let why = world.text(Role::Viewer, "/why hedge").await;
    assert!(why.contains(&format!("opened: night desk: covered by #{fleet}, told there")), "{why}");
    let taken = world.text(Role::Operator, "/ack").await;
    assert!(taken.contains(&format!("#{fleet} KuCoin: 3 keys unchecked")), "{taken}");

    for minute in [20, 22] {
        for id in &ids {
            world.look(id, good(), at(minute)).await;
        }
        world.deliver(at(minute)).await;
    }
    let why = world.text(Role::Viewer, "/why hedge").await;
    assert_eq!(why.matches(&format!("covered by #{fleet}, told there")).count(), 2, "{why}");
    assert!(!why.contains("not told") && !why.contains("shown in the message"), "{why}");
    assert!(why.contains(" looked clear\n"), "{why}");
}

#[tokio::test]
async fn a_right_that_was_gained_shows_in_the_story() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, gained(Power::Withdraw, "Withdrawal"), at(20)).await;
    let text = world.text(Role::Viewer, "/alerts").await;
    assert!(text.starts_with("✖ mm-bot-1"), "{text}");
    assert!(text.contains("open 10 min"), "{text}");
}

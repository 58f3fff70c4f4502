//! Taking alerts: by number, label, button; until; worse since; what only an admin may.

use super::super::*;
use super::world::*;
use crate::domain::card::Action;
use crate::domain::evidence::Outcome;
use crate::domain::facts::{Facts, ReportedEnd};
use crate::domain::permission::{Permission, Power};

async fn two_open() -> World {
    let world = World::new().await;
    let one = world.own(&world.home, "mm-bot-1").await;
    let two = world.own(&world.home, "tracker").await;
    world.refuse(&one, 2).await;
    world.look(&two, ending(7), at(26)).await;
    world
}

#[tokio::test]
async fn nothing_one_and_several_candidates() {
    let world = World::new().await;
    let text = world.text(Role::Operator, "/ack").await;
    assert_eq!(text, "● Nothing open, so nothing to take.");
    let world = two_open().await;
    let text = world.text(Role::Operator, "/ack").await;
    assert!(
        text.starts_with("Which one?\n- ✖ #1 mm-bot-1: refused since 14:02, open 28 min"),
        "{text}"
    );
    assert!(text.ends_with("[I'm on #1: mm-bot-1] [I'm on #2: tracker]"), "{text}");
    let text = world.text(Role::Operator, "/ack #1 17:00 calling support").await;
    assert!(text.starts_with("Kim is on it until 17:00.\n"), "{text}");
    assert!(text.contains("\nReason: \"calling support\"\n"), "{text}");
    // One is left: it is taken.
    let text = world.text(Role::Operator, "/ack").await;
    assert!(text.starts_with("Kim is on it until Fri 27 Nov 14:00."), "{text}");
    let text = world.text(Role::Operator, "/ack").await;
    assert!(text.starts_with("Somebody is on every open alert already."), "{text}");
    let audit = world.home.audit(1).await.unwrap();
    assert_eq!(audit[0].action, "alert.acknowledged");
    assert_eq!(audit[0].target.as_deref(), Some("#2 tracker"));
    let text = world.text(Role::Viewer, "/alerts").await;
    assert!(text.starts_with("✖ 2 alerts open, 0 with nobody on it"), "{text}");
    assert!(text.contains("Kim is on it"), "{text}");
}

#[tokio::test]
async fn a_label_means_its_alert_and_a_bad_time_changes_nothing() {
    let world = two_open().await;
    let text = world.text(Role::Operator, "/ack TRACKER 3d").await;
    assert!(text.starts_with("Kim is on it until Thu 26 Nov 14:30."), "{text}");
    let text = world.text(Role::Operator, "/ack mm-bot-1 90d").await;
    assert!(text.contains("30 days at a time"), "{text}");
    let text = world.text(Role::Operator, "/ack 77").await;
    assert!(text.starts_with("No open alert has that number or key."), "{text}");
    let command =
        Command::Ack { alert: Some("1".into()), until: Some("@everyone".into()), reason: None };
    let text = plain(&world.run(Role::Operator, command).await);
    assert_eq!(text, UntilError::Unreadable.to_string());
    for line in ["/ack 1 2026-01-01", "/ack 1 yesterday", "/ack soon yesterday"] {
        assert_eq!(world.text(Role::Operator, line).await, UntilError::Over.to_string(), "{line}");
    }
    for line in
        ["/ack 1 soon", "/ack 1 later, maybe", "/ack 1 5pm", "/ack 1 25:00 lunch", "/ack 1 -2h"]
    {
        let text = world.text(Role::Operator, line).await;
        assert_eq!(text, UntilError::Unreadable.to_string(), "{line}");
    }
    let text = world.text(Role::Operator, "/ack 2h").await;
    assert!(text.starts_with("Which alert? It comes first, then the time"), "{text}");
    let hostile = world.text(Role::Operator, "/ack 1 2h call\u{202E}ing \u{1b}[31m").await;
    assert!(hostile.contains("Reason: \"calling [31m\"\n"), "{hostile}");
}

#[tokio::test]
async fn undo_gives_it_back() {
    let world = two_open().await;
    world.say(Role::Operator, "/ack 1").await;
    let alert = world.home.open_alerts().await.unwrap()[0].id.clone();
    let text = plain(&world.press(Role::Operator, Action::Undo { alert: alert.clone() }).await);
    assert!(text.starts_with("Nobody is on #1 now."), "{text}");
    let text = plain(&world.press(Role::Operator, Action::Undo { alert }).await);
    assert!(
        text.starts_with("Nobody has acknowledged that alert; there is nothing to undo."),
        "{text}"
    );
    assert_eq!(
        world
            .home
            .audit(10)
            .await
            .unwrap()
            .iter()
            .filter(|row| row.action == "alert.undone")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_button_whose_alert_got_worse_is_refused_with_what_changed() {
    let world = World::new().await;
    let id = world.own(&world.home, "tracker").await;
    world.look(&id, ending(7), at(20)).await;
    let ask = invocation(Role::Operator, Command::Alerts);
    let reply = world.counter.run(&world.home, &ask).await;
    let buttons = world.counter.offer(&world.home, &ask, &reply).await.unwrap();
    let mine = reply.cards[0]
        .buttons
        .iter()
        .position(|b| matches!(b.action, Action::Acknowledge { .. }))
        .unwrap();
    let press = |at| Press {
        id: buttons[0][mine].0.clone(),
        actor: actor(Role::Operator),
        place: place(true),
        at,
    };
    world.look(&id, ending(2), at(40)).await;
    let text = plain(&world.counter.press(&world.home, &press(at(41))).await);
    assert!(
        text.contains("It has become worse since that message, so nobody has taken it."),
        "{text}"
    );
    assert!(
        text.contains("#1 tracker: 47 hours left") || text.contains("#1 tracker: 46 hours left"),
        "{text}"
    );
    assert!(world.home.open_alerts().await.unwrap()[0].state.ack().is_none());
    // The button of that answer shows the new state and works.
    let again = world.counter.press(&world.home, &press(at(42))).await;
    let ids = world.counter.offer(&world.home, &ask, &again).await.unwrap();
    let press = Press { id: ids[0][0].0.clone(), ..press(at(43)) };
    let text = plain(&world.counter.press(&world.home, &press).await);
    assert!(text.starts_with("Kim is on it until"), "{text}");
}

#[tokio::test]
async fn what_may_be_a_thief_is_quietened_by_an_admin_only() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, gained(Power::Withdraw, "Withdrawal"), at(20)).await;
    for line in ["/ack", "/ack 1", "/ack mm-bot-1 30d"] {
        let text = world.text(Role::Operator, line).await;
        assert!(!text.contains("is on it"), "{line}: {text}");
    }
    let open = world.home.open_alerts().await.unwrap();
    assert!(open.iter().all(|alert| alert.state.ack().is_none()));
    let text = world.text(Role::Admin, &format!("/ack {}", open[0].no)).await;
    assert!(text.starts_with("Kim is on it"), "{text}");
}

#[tokio::test]
async fn nobody_accepts_what_came_after_the_message() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.look(&id, gained(Power::Earn, "Earn"), at(20)).await;
    let accept = |shown| Command::Press {
        action: Action::Accept { key: id.clone() },
        rev: None,
        shown_at: Some(at(shown)),
        is_late: false,
    };
    let Outcome::Good(Facts { mut permissions, .. }) = gained(Power::Earn, "Earn") else {
        unreachable!()
    };
    permissions.0.insert(Permission { power: Power::Withdraw, name: "Withdrawal".into() });
    let end = ReportedEnd::At(at(200 * 1440));
    world.look(&id, Outcome::Good(Facts { permissions, end, ..facts() }), at(25)).await;
    let text = plain(&world.run(Role::Admin, accept(21)).await);
    assert!(text.contains("nothing was accepted") && text.contains("Withdrawal"), "{text}");
    let text = plain(&world.run(Role::Admin, accept(26)).await);
    assert!(text.starts_with("✔ mm-bot-1 accepted as it is now by Kim."), "{text}");
    assert!(text.contains("Closed: #"), "{text}");
    assert_eq!(world.home.audit(1).await.unwrap()[0].action, "key.accepted");
    let text = plain(&world.run(Role::Operator, accept(26)).await);
    assert!(text.starts_with("That needs the role admin; you are operator."), "{text}");
}

#[tokio::test]
async fn a_grouped_message_is_taken_at_once_but_not_what_got_worse() {
    let world = two_open().await;
    let sent = world.deliver(at(27)).await;
    let message = || sent[0].clone();
    let text = plain(&world.press(Role::Viewer, Action::Show { message: message() }).await);
    assert!(text.contains("mm-bot-1 refused by KuCoin since 14:02"), "{text}");
    assert!(text.contains("tracker expires in"), "{text}");
    let keys = world.home.keys().await.unwrap();
    world.look(&keys[1].key.id, ending(2), at(28)).await;
    let text =
        plain(&world.press(Role::Operator, Action::AcknowledgeAll { message: message() }).await);
    assert!(text.starts_with("You are on 1 alert."), "{text}");
    assert!(
        text.contains("tracker") && text.contains("not taken, has become worse since that message"),
        "{text}"
    );
    let text =
        plain(&world.press(Role::Operator, Action::AcknowledgeAll { message: message() }).await);
    assert!(text.starts_with("None taken."), "{text}");
}

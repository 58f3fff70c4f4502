//! Who may what, whose is what, how often: roles, tenants, buttons, limits.

use chrono::TimeDelta;

use super::super::*;
use super::world::*;
use crate::domain::card::Action;
use crate::domain::guide::fix::{Fix, Says};
use crate::domain::id::{AlertId, KeyId, MessageId, WorkspaceId};

fn actions(alert: &AlertId, key: &KeyId, message: &MessageId) -> Vec<Action> {
    vec![
        Action::Acknowledge { alert: alert.clone() },
        Action::Undo { alert: alert.clone() },
        Action::AcknowledgeAll { message: message.clone() },
        Action::Show { message: message.clone() },
        Action::Accept { key: key.clone() },
        Action::Replaced { key: key.clone() },
        Action::ShowAddress { key: key.clone() },
        Action::Key { key: key.clone() },
        Action::Why { key: key.clone() },
        Action::Check { key: key.clone() },
        Action::Leaked { key: key.clone() },
        Action::WatchLeaked { key: key.clone() },
        Action::NotLeaked { key: key.clone() },
        Action::Security { key: key.clone() },
    ]
}

fn pressed(action: Action) -> Command {
    Command::Press { action, rev: None, shown_at: None, is_late: false }
}

fn every_command() -> Vec<Command> {
    let typed = SPECS.iter().filter(|spec| matches!(spec.reach, Reach::Typed(_)));
    let mut commands: Vec<Command> =
        typed.map(|spec| spec.make(Given::default()).unwrap()).collect();
    let (alert, key) = (AlertId("a".into()), KeyId("k".into()));
    commands.extend(actions(&alert, &key, &MessageId("m".into())).into_iter().map(pressed));
    commands.push(pressed(Action::AllKeys));
    let says = Some(Says::Unsure);
    commands.push(pressed(Action::Fix { fix: Fix { says, ..Fix::default() } }));
    commands.push(pressed(Action::Seen { message: MessageId("m".into()) }));
    commands.push(pressed(Action::ChooseWorkspace { workspace: WorkspaceId("w".into()) }));
    commands.push(pressed(Action::Steps { topic: "compromised".into() }));
    commands
}

#[tokio::test]
async fn every_command_is_denied_below_its_role() {
    let world = World::new().await;
    let roles = [Role::Anyone, Role::Viewer, Role::Operator, Role::Admin];
    let mut rows = std::collections::BTreeSet::new();
    for command in every_command() {
        let spec = Spec::of(&command);
        rows.insert(spec.name);
        for role in roles {
            let text = plain(&world.run(role, command.clone()).await);
            let needs =
                format!("That needs the role {}; you are {}.", spec.role.name(), role.name());
            assert_eq!(
                text.starts_with(&needs),
                role < spec.role,
                "{} as {role:?}: {text}",
                spec.name
            );
        }
    }
    assert_eq!(rows.len(), SPECS.len(), "a row without a command: {rows:?}");
}

#[test]
fn only_answers_are_for_anyone_and_only_admins_accept() {
    for spec in SPECS {
        let least = match spec.name {
            "leaked" | "faq" | "fix" | "fixing" | "start" | "cancel" | "help" | "privacy"
            | "choose" | "seen" => Role::Anyone,
            "ack" | "undo" | "reveal" | "watchleaked" | "notleaked" => Role::Operator,
            "accept" | "notify" | "settings" | "faqgaps" => Role::Admin,
            _ => Role::Viewer,
        };
        assert_eq!(spec.role, least, "{}", spec.name);
        let changes = match spec.name {
            "faqgaps" => false,
            "check" | "fix" => true,
            _ => spec.role > Role::Viewer,
        };
        assert_eq!(spec.audit.is_some(), changes, "{}", spec.name);
    }
}

#[tokio::test]
async fn what_is_of_another_workspace_is_as_unknown_as_what_is_made_up() {
    let world = World::new().await;
    let theirs = world.own(&world.other, "mm-bot-1").await;
    world.own(&world.home, "arb-2").await;
    world.own(&world.home, "grid-eu").await;
    world.refuse(&theirs, 0).await;
    let sent = world.deliver(at(11)).await;
    let alert = world.other.open_alerts().await.unwrap()[0].id.clone();
    let before = world.other.audit(50).await.unwrap();
    let foreign = actions(&alert, &theirs, &sent[0]);
    let (no_alert, no_key) = (AlertId("0".repeat(22)), KeyId("0".repeat(22)));
    let made_up = actions(&no_alert, &no_key, &MessageId("0".repeat(22)));
    for (foreign, made_up) in foreign.into_iter().zip(made_up) {
        let name = format!("{foreign:?}");
        let one = world.run(Role::Admin, pressed(foreign)).await;
        let other = world.run(Role::Admin, pressed(made_up)).await;
        assert_eq!(one, other, "{name}");
        assert_eq!(
            plain(&one),
            "That button is no longer valid; /alerts shows what is open.",
            "{name}"
        );
    }
    for name in ["keystatus", "check", "why", "ack", "leaked"] {
        let one = world.text(Role::Admin, &format!("/{name} mm-bot-1")).await;
        let other = world.text(Role::Admin, &format!("/{name} mm-bot-9")).await;
        assert_eq!(one, other, "{name}");
        assert!(!one.contains("mm-bot"), "{one}");
    }
    for name in ["keystatus", "alerts", "upcoming", "faq 400003"] {
        let text = world.text(Role::Admin, &format!("/{name}")).await;
        assert!(!text.contains("mm-bot-1"), "{name}: {text}");
    }
    assert_eq!(world.other.audit(50).await.unwrap(), before);
    assert!(world.other.open_alerts().await.unwrap()[0].state.ack().is_none());
}

#[tokio::test]
async fn unknown_foreign_and_late_buttons_get_one_answer() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let ask = invocation(Role::Viewer, Command::Keystatus { key: None });
    let reply = world.counter.run(&world.home, &ask).await;
    let ids = world.counter.offer(&world.home, &ask, &reply).await.unwrap();
    let id = ids[0].last().unwrap().0.clone();
    let good = Press { id: id.clone(), actor: actor(Role::Viewer), place: place(true), at: at(31) };
    let served = plain(&world.counter.press(&world.home, &good).await);
    assert!(served.starts_with("● mm-bot-1") || served.contains("mm-bot-1"), "{served}");
    let stranger = Actor { id: "8".into(), ..actor(Role::Admin) };
    let elsewhere = Place { chat: "other".into(), ..place(true) };
    let bad = [
        Press { id: "x".into(), ..good.clone() },
        Press { id: "\u{202E}@everyone".repeat(9_000), ..good.clone() },
        Press { id: "' OR 1=1 --".into(), ..good.clone() },
        Press { actor: stranger, ..good.clone() },
        Press { place: elsewhere, ..good.clone() },
        Press { at: at(31) + TimeDelta::days(3), ..good.clone() },
    ];
    let stale = "That button is no longer valid; /alerts shows what is open.";
    for press in bad {
        let reply = world.counter.press(&world.home, &press).await;
        assert_eq!((plain(&reply).as_str(), reply.private), (stale, true), "{}", press.id.len());
    }
    let reply = world.counter.press(&world.other, &good).await;
    assert_eq!(plain(&reply), stale, "at the desk of another workspace");
}

#[tokio::test]
async fn a_flood_gets_one_polite_line_and_then_silence() {
    let world = World::new().await;
    let tools = world.counter.tools;
    let counter = Counter::new(Tools { limits: Limits::default(), ..tools });
    let mut ask = invocation(Role::Viewer, Command::Alerts);
    let own = counter.run(&world.home, &ask).await;
    assert!(!own.silent);
    ask.actor.platform = Platform::Telegram;
    let mut answers = Vec::new();
    for _ in 0..1_000 {
        answers.push(counter.run(&world.home, &ask).await);
    }
    assert!(answers[..20].iter().all(|reply| plain(reply).starts_with("Nothing open.")));
    assert_eq!(
        plain(&answers[20]),
        "That was a lot at once. I answer you again in 60 s.\nAlerts are not delayed by this."
    );
    assert!(answers[21..].iter().all(|reply| reply.silent && reply.cards.is_empty()));
    // The host's own terminal is never silenced, and others are served meanwhile, and the person again after a minute.
    for _ in 0..50 {
        let here = invocation(Role::Viewer, Command::Alerts);
        assert!(!counter.run(&world.home, &here).await.silent);
    }
    let other = Invocation { actor: Actor { id: "8".into(), ..ask.actor.clone() }, ..ask.clone() };
    assert!(!counter.run(&world.home, &other).await.silent);
    ask.at += TimeDelta::minutes(1);
    assert!(plain(&counter.run(&world.home, &ask).await).starts_with("Nothing open."));
}

#[tokio::test]
async fn checks_are_counted_apart() {
    let world = World::new().await;
    let counter = Counter::new(Tools { limits: Limits::default(), ..world.counter.tools });
    let mut check = invocation(Role::Viewer, Command::Check { key: None });
    check.actor.platform = Platform::Telegram;
    for _ in 0..6 {
        assert!(!plain(&counter.run(&world.home, &check).await).contains("a lot at once"));
    }
    assert!(plain(&counter.run(&world.home, &check).await).contains("a lot at once"));
    let status = invocation(Role::Viewer, Command::Keystatus { key: None });
    assert!(
        plain(&counter.run(&world.home, &status).await)
            .starts_with("No keys are watched here yet.")
    );
}

//! Answers: faq, help, privacy; and that nothing typed comes back.

use super::super::*;
use super::world::*;
use crate::domain::card::Action;
use crate::domain::text::Clean;

#[tokio::test]
async fn an_answer_names_the_key_that_shows_this_code_to_those_who_may_know() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.refuse(&id, 8).await;
    let here = "Here: mm-bot-1 was refused with exactly this code 12 min ago.";
    let text = world.text(Role::Viewer, "/faq 400003").await;
    assert!(text.contains(here), "{text}");
    let text = world.text(Role::Anyone, "/faq 400003").await;
    assert!(!text.contains("mm-bot-1"), "{text}");
    let mut public = invocation(Role::Admin, parse("/faq 400003").unwrap());
    public.place = place(false);
    let reply = world.counter.run(&world.home, &public).await;
    // In company it is its asker's, until the workspace chooses the place.
    assert!(!plain(&reply).contains("mm-bot-1") && reply.private);
    assert!(!plain(&reply).contains("Post here"));
}

#[tokio::test]
async fn an_answer_about_ends_begins_with_the_end_that_is_near() {
    let world = World::new().await;
    for (label, day) in [("tracker", 5), ("old-sub", 20), ("far", 90)] {
        let day = at(day * 1_440).format("%Y-%m-%d").to_string();
        world.declared(&world.home, label, Some(&day)).await;
    }
    let text = world.text(Role::Viewer, "/faq expired-meaning").await;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("Here: tracker ends "), "{text}");
    assert!(lines[1].ends_with("(your date; not checked); 1 more within 30 days: /upcoming."));
    let text = world.text(Role::Anyone, "/faq expired-meaning").await;
    assert!(!text.contains("Here:"), "{text}");
    let text = world.text(Role::Viewer, "/faq two-factor").await;
    assert!(!text.contains("Here:"), "{text}");
}

#[tokio::test]
async fn an_answer_is_shown_to_everybody_where_an_admin_chose_to_and_once_a_minute() {
    let world = World::new().await;
    let in_company = |command| {
        let mut invocation = invocation(Role::Admin, command);
        invocation.place = place(false);
        invocation
    };
    let chosen = in_company(parse("/settings faq here").unwrap());
    let text = plain(&world.counter.run(&world.home, &chosen).await);
    assert!(text.contains("may be shown to everybody here"), "{text}");
    let asked = in_company(parse("/faq 400003").unwrap());
    let answer = world.counter.run(&world.home, &asked).await;
    assert!(answer.private && plain(&answer).contains("[Post here]"), "{}", plain(&answer));
    let press = || {
        let action = Action::PostHere { topic: "error-key-not-exists".to_owned() };
        in_company(Command::Press { action, rev: None, shown_at: None, is_late: false })
    };
    let posted = world.counter.run(&world.home, &press()).await;
    assert!(!posted.private && !plain(&posted).contains("Post here"));
    let again = world.counter.run(&world.home, &press()).await;
    assert!(again.private && plain(&again).contains("a moment ago"), "{}", plain(&again));
    let elsewhere = in_company(parse("/settings faq off").unwrap());
    world.counter.run(&world.home, &elsewhere).await;
    assert!(plain(&world.counter.run(&world.home, &press()).await).contains("not shown"));
}

#[tokio::test]
async fn a_question_is_answered_doubted_or_declined_and_never_repeated() {
    let world = World::new().await;
    let reply = world.say(Role::Anyone, "/faq what does an expired api key mean").await;
    assert!(!reply.cards[0].body.is_empty() && !reply.private);
    let id = world.text(Role::Anyone, "/faq error-ip-not-allowed").await;
    assert!(id.starts_with("400006: this IP address is not allowed"), "{id}");
    let off = world.say(Role::Anyone, "/faq what is the weather like tomorrow").await;
    assert_eq!(
        plain(&off),
        "I know about exchange API keys: expiry, errors, safety. Try /faq or /help."
    );
    assert!(off.private);
    let none = world.say(Role::Anyone, "/faq").await;
    assert!(none.cards[0].buttons.len() >= 5);
    for button in &none.cards[0].buttons {
        let text = plain(&world.press(Role::Anyone, button.action.clone()).await);
        assert!(!text.contains("no longer valid"), "{}", button.label);
    }
    let gone = world.press(Role::Anyone, Action::Steps { topic: "nothing".into() }).await;
    assert_eq!(plain(&gone), "That button is no longer valid; /alerts shows what is open.");
}

#[tokio::test]
async fn a_pasted_secret_is_warned_of_and_neither_answered_nor_repeated() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let (key, secret) = ("6705f5c311545b000157d3eb", "46fd8974-aaaa-bbbb-cccc-896f005b2340");
    for line in [
        format!("/faq what does 400003 mean for {key}"),
        format!("{secret} is expired?"),
        format!("/keystatus {key}"),
    ] {
        let reply = world.run(Role::Admin, hear(&line).unwrap()).await;
        let text = plain(&reply);
        assert!(
            text.starts_with("▲ That looks like a key or secret, so I have not read on"),
            "{text}"
        );
        assert!(!text.contains(key) && !text.contains(secret) && reply.private, "{text}");
        assert!(text.ends_with("[Steps]") && !text.contains("400003"), "{text}");
    }
    let both = hear(&format!("{{\"key\": \"{key}\", \"secret\": \"{secret}\"}}")).unwrap();
    let text = plain(&world.run(Role::Anyone, both).await);
    assert!(text.starts_with("✖ That is a secret: delete its key at the exchange now"), "{text}");
    assert!(!text.contains(key) && !text.contains(secret), "{text}");
}

#[tokio::test]
async fn a_watched_key_is_a_leak_and_only_who_may_see_keys_learns_whose() {
    let world = World::new().await;
    let ask = async |role| world.run(role, hear(&format!("/faq {WATCHED} fails")).unwrap()).await;
    // Of another workspace's key nothing is known here.
    world.own(&world.other, "mm-bot-1").await;
    assert!(!ask(Role::Admin).await.leak);
    world.own(&world.home, "mm-bot-1").await;
    for (role, title) in [
        (Role::Viewer, "✖ That is the key of mm-bot-1: delete it at the exchange now"),
        (Role::Anyone, "✖ That is a secret: delete its key at the exchange now"),
    ] {
        let reply = ask(role).await;
        let text = plain(&reply);
        assert!(text.starts_with(title) && !text.contains(WATCHED), "{text}");
        assert!(reply.leak && reply.private, "{text}");
    }
    // Whatever the text calls it, and in capitals.
    let odd = format!("order id {}", WATCHED.to_uppercase());
    assert!(world.run(Role::Viewer, parse(&format!("/faq {odd}")).unwrap()).await.leak);
}

#[tokio::test]
async fn a_secret_in_any_argument_is_warned_of_whoever_types_it_and_changes_nothing() {
    let world = World::new().await;
    let key = world.own(&world.home, "mm-bot-1").await;
    world.refuse(&key, 0).await;
    let secret = "secret=46fd8974-aaaa-bbbb-cccc-896f005b2340";
    for line in [
        format!("/keystatus {secret}"),
        format!("/check {secret}"),
        format!("/why {secret}"),
        format!("/ack 1 2h {secret}"),
        format!("/help {secret}"),
        format!("/notify {secret}"),
        format!("/settings role {secret}"),
    ] {
        for role in [Role::Anyone, Role::Admin] {
            let reply = world.run(role, parse(&line).unwrap()).await;
            let text = plain(&reply);
            assert!(text.starts_with("✖ That is a secret") && reply.leak, "{line}: {text}");
            assert!(!text.contains("46fd8974"), "{line}: {text}");
        }
    }
    assert!(world.home.open_alerts().await.unwrap()[0].state.ack().is_none());
}

#[tokio::test]
async fn what_became_of_the_message_is_said_after_what_to_do() {
    let world = World::new().await;
    let line = "/faq secret=46fd8974-aaaa-bbbb-cccc-896f005b2340";
    for (removal, words) in [
        (Removal::Done, "I have deleted the message here"),
        (Removal::Refused, "I could not delete the message here: delete it yourself"),
    ] {
        let reply = world.run(Role::Anyone, parse(line).unwrap()).await.after(removal);
        let text = plain(&reply);
        assert!(
            text.starts_with("✖ That is a secret: delete its key at the exchange now"),
            "{text}"
        );
        assert!(text.lines().nth(1).unwrap().starts_with(words), "{text}");
    }
}

#[tokio::test]
async fn help_shows_only_what_the_caller_may_run() {
    let world = World::new().await;
    let stranger = world.text(Role::Anyone, "/help").await;
    assert!(
        stranger.contains("/faq") && !stranger.contains("/keystatus") && !stranger.contains("/ack")
    );
    let viewer = world.text(Role::Viewer, "/help").await;
    assert!(viewer.contains("/keystatus mm-bot-1: How the keys are") && !viewer.contains("/ack"));
    let operator = world.text(Role::Operator, "/help ack").await;
    assert!(operator.starts_with("/ack [alert] [until] [reason]\n"), "{operator}");
    assert!(world.text(Role::Operator, "/help akc").await.contains("The nearest is /ack."));
    // A command beyond the role is as unknown as one that does not exist.
    let beyond = world.text(Role::Viewer, "/help ack").await;
    assert_eq!(beyond, world.text(Role::Viewer, "/help qqqqqqqq").await);
    // What was asked is answered first, then comes the list.
    assert!(
        beyond.starts_with("You have no command of that name. What you can ask:\nKeys\n"),
        "{beyond}"
    );
    for (command, words) in [
        ("keystatus", "left out: all keys, worst first"),
        ("check", "left out: the only key that can be asked, or a choice"),
        ("why", "left out: the only key, or a choice"),
    ] {
        let text = world.text(Role::Viewer, &format!("/help {command}")).await;
        assert!(text.contains(words), "{text}");
    }
    let lacks =
        |spec: &&Spec| spec.words().any(|a| a.optional && !a.summary.contains("left out: "));
    assert_eq!(SPECS.iter().find(lacks).map(|spec| spec.name), None);
}

#[tokio::test]
async fn privacy_opens_with_who_runs_it() {
    let host = HostNote {
        operator: Some(Clean::new("Kim, kim@example.org", 60)),
        test_endpoint: true,
        endpoints: vec!["http://127.0.0.1:9".into()],
        named_in: None,
        is_open: false,
        demo: false,
    };
    let world = World::with(host).await;
    let text = world.text(Role::Anyone, "/privacy").await;
    assert!(text.starts_with("Run by Kim, kim@example.org.\nWith the host's master key they could read stored secrets; if you do not know them, use date-only watches."), "{text}");
    assert!(text.contains("http://127.0.0.1:9") && text.contains("no financial advice"), "{text}");
    let text = world.text(Role::Viewer, "/alerts").await;
    assert!(text.contains("TEST ENDPOINT"), "{text}");
    let silent = World::new().await.text(Role::Anyone, "/privacy").await;
    assert!(silent.starts_with("Run by the person who runs this host.\n"), "{silent}");
    let demo = World::with(HostNote { demo: true, ..HostNote::default() }).await;
    for line in ["/alerts", "/help", "/faq", "/privacy", "/keystatus"] {
        assert!(demo.text(Role::Admin, line).await.contains("DEMO"), "{line}");
    }
}

#[tokio::test]
async fn nothing_that_was_typed_comes_back() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    world.own(&world.home, "tracker").await;
    let evil = [
        "zqx@everyone <@123> [click](http://zqx.example) **zqx** `zqx`",
        "\u{202E}zqx\u{200B}\u{1b}[31mzqx\r\n/zqx",
        &"zqx".repeat(34_000),
        "6705f5c311545b000157d3eb zqx",
    ];
    let commands =
        ["keystatus", "check", "ack", "why", "upcoming", "faq", "help", "privacy", "alerts", "zqx"];
    for role in [Role::Anyone, Role::Viewer, Role::Operator, Role::Admin] {
        for text in evil {
            for name in commands {
                let reply = world.text(role, &format!("/{name} {text}")).await;
                assert!(!reply.to_lowercase().contains("zqx"), "{name}: {reply}");
                assert!(!reply.contains("@everyone") && !reply.contains('\u{202E}'), "{name}");
                assert!(!reply.contains("6705f5c311545b000157d3eb"), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_doubtful_question_becomes_up_to_three_buttons() {
    let world = World::new().await;
    let vague = [
        "api key",
        "it stopped",
        "browser",
        "the list",
        "support",
        "is it safe to keep",
        "old one",
    ];
    let mut doubted = 0;
    for question in vague {
        let reply = world.say(Role::Anyone, &format!("/faq {question}")).await;
        let card = &reply.cards[0];
        if plain(&reply).starts_with("Is it one of these?") {
            doubted += 1;
            assert!((1..=3).contains(&card.buttons.len()) && card.body.is_empty(), "{question}");
        }
    }
    assert!(doubted > 0);
}

#[tokio::test]
async fn an_answer_that_broke_off_has_a_reference_and_does_not_claim_that_nothing_changed() {
    let world = World::new().await;
    let reply = world.counter.broke_off();
    let text = plain(&reply);
    assert!(
        reply.private && text.contains("(reference ") && text.contains("may be done"),
        "{text}"
    );
    assert!(!text.contains("Nothing was changed"), "{text}");
}

#[tokio::test]
async fn a_question_in_another_language_is_answered_in_english_and_says_so_in_that_language() {
    let world = World::new().await;
    let text = world.text(Role::Anyone, "/faq mi clave api caducó, qué hago").await;
    assert!(text.contains("La respuesta sigue en inglés."), "{text}");
    let text = world.text(Role::Anyone, "/faq my api key expired").await;
    assert!(!text.contains("La respuesta"), "{text}");
}

#[tokio::test]
async fn another_exchanges_code_is_answered_without_kucoin_and_without_a_key_of_here() {
    let world = World::new().await;
    let text = world.text(Role::Viewer, "/faq bybit 33004 Your api key has expired").await;
    assert!(text.contains("Bybit 33004") && !text.contains("KuCoin"), "{text}");
    assert!(!text.contains("Here:"), "{text}");
}

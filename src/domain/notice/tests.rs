//! Every text that can be sent, held against the rules of the voice and kept as snapshots, so that
//! a change of wording is read as a text and not as code.

use std::fmt::Write as _;

use chrono::Datelike as _;

use super::super::card::{Span, Tone};
use super::super::evidence::{Fault, Outcome};
use super::super::facts::ReportedEnd;
use super::super::id::{AlertId, MessageId};
use super::super::key::{Baseline, KeyState};
use super::super::rules::LeakEnd;
use super::super::samples::{ZONE, at, bad, facts, utc};
use super::super::signal::Severity;
use super::super::text::Clean;
use super::scenes::{Scene, all, blindness, dates, leaks, refusals, rights_and_addresses};
use super::*;

const KINDS: [Kind; 11] = [
    Kind::Opened,
    Kind::Worse,
    Kind::Reminder,
    Kind::Better,
    Kind::Acknowledged,
    Kind::Undone,
    Kind::Lapsed,
    Kind::Clearing,
    Kind::NotOver,
    Kind::Resolved,
    Kind::BackAgain,
];

/// Every card of an alert, after every transition, for the platforms' own tests.
pub(crate) fn every_card() -> Vec<(String, Card)> {
    let mut cards = Vec::new();
    for scene in all() {
        for kind in KINDS {
            let after = scene.after(kind);
            cards.push((format!("{} {kind:?}", scene.name), compose(&after.view(kind))));
        }
    }
    let scenes = all();
    let views: Vec<View<'_>> = scenes.iter().map(|scene| scene.view(Kind::Opened)).collect();
    cards.push(("a group".to_owned(), compose_group(&views, &MessageId("m".to_owned()))));
    cards
}

// The plainest of renderers.

fn line(line: &Line, now: chrono::DateTime<chrono::Utc>) -> String {
    let local = now.with_timezone(&ZONE);
    let span = |span: &Span| match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Name(name) => name.to_string(),
        Span::Moment(at, grain) => {
            let at = at.with_timezone(&ZONE);
            let year = if at.year() == local.year() { "" } else { " %Y" };
            let pattern = match grain {
                Grain::Time if at.date_naive() == local.date_naive() => "%H:%M".to_owned(),
                Grain::Time | Grain::Minute => format!("%a %-d %b{year} %H:%M"),
                Grain::Day => format!("%a %-d %b{year}"),
            };
            at.format(&pattern).to_string()
        }
    };
    line.0.iter().map(span).collect()
}

fn plain(card: &Card, now: chrono::DateTime<chrono::Utc>) -> String {
    let mut out = String::new();
    let shaped =
        |tone: Tone, text: String| format!("{} {text}", tone.shape().replace('\u{FE0E}', ""));
    writeln!(out, "{}", shaped(card.tone, line(&card.title, now))).unwrap();
    for block in &card.body {
        match block {
            Block::Text(text) => writeln!(out, "{}", line(text, now)).unwrap(),
            Block::Item(tone, text) => writeln!(out, "{}", shaped(*tone, line(text, now))).unwrap(),
            Block::Steps(steps) => {
                for (n, step) in steps.iter().enumerate() {
                    writeln!(out, "{}. {}", n + 1, line(step, now)).unwrap();
                }
            }
        }
    }
    let labels: Vec<String> = card.buttons.iter().map(|b| format!("[{}]", b.label)).collect();
    if !labels.is_empty() {
        writeln!(out, "{}", labels.join(" ")).unwrap();
    }
    out
}

fn told(scene: &Scene, kind: Kind) -> String {
    let view = scene.view(kind);
    format!("--- {}\n{}", scene.name, plain(&compose(&view), scene.now))
}

fn read(scenes: &[Scene]) -> String {
    scenes.iter().map(|scene| told(scene, Kind::Opened)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_reader_sees_every_opening_text() {
    insta::assert_snapshot!("refused", read(&refusals()));
    insta::assert_snapshot!("dates", read(&dates()));
    insta::assert_snapshot!("rights_and_addresses", read(&rights_and_addresses()));
    insta::assert_snapshot!("blind", read(&blindness()));
}

/// The first scene of each rule, and the exchange's.
fn one_of_each() -> Vec<Scene> {
    let mut seen = std::collections::BTreeSet::new();
    all().into_iter().filter(|s| seen.insert((s.alert.rule, s.fleet.is_some()))).collect()
}

#[test]
fn a_reader_sees_what_becomes_of_each() {
    let mut out = String::new();
    for scene in one_of_each() {
        for kind in [Kind::Reminder, Kind::Acknowledged, Kind::Clearing, Kind::Resolved] {
            let after = scene.after(kind);
            writeln!(out, "{}", told(&after, kind)).unwrap();
        }
    }
    insta::assert_snapshot!("later", out);
    let mut out = String::new();
    for kind in KINDS {
        writeln!(out, "{}", told(&refusals()[0].after(kind), kind)).unwrap();
    }
    insta::assert_snapshot!("one_alert_through_all_kinds", out);
}

#[test]
fn a_reader_sees_how_each_ends() {
    let mut out = String::new();
    let mut tell = |scene: Scene| writeln!(out, "{}", told(&scene, Kind::Resolved)).unwrap();
    let renewed = |end| {
        let mut scene = dates().remove(2).after(Kind::Resolved);
        scene.watched = scene.watched.now_with(60, |facts| facts.end = end);
        scene
    };
    tell(renewed(ReportedEnd::At(utc("2027-02-28T13:00:00Z"))));
    tell(renewed(ReportedEnd::Never));
    let mut outlived = dates().remove(10).after(Kind::Resolved);
    outlived.now = utc("2026-12-01T13:00:00Z");
    outlived.watched = outlived.watched.see(Outcome::Good(facts()), outlived.now);
    tell(outlived);
    let by = Some(Clean::new("Kim", 20));
    for (n, accepted) in [(0, true), (0, false), (10, true), (10, false)] {
        let mut scene = rights_and_addresses().remove(n).after(Kind::Resolved);
        if accepted {
            let by = by.clone();
            scene.watched.key.baseline = Some(Baseline { facts: facts(), at: at(20), by });
        }
        tell(scene);
    }
    let mut refused = blindness().remove(4).after(Kind::Resolved);
    refused.watched = refused.watched.see(bad(Fault::NotKnown, "400003"), at(60));
    tell(refused);
    for (n, old_works) in [(0, true), (3, false)] {
        let mut scene = refusals().remove(n).after(Kind::Resolved);
        scene.replaced = Some(Replaced { at: at(20), old_works });
        tell(scene);
    }
    // What was replaced before it broke has nothing to do with its end.
    let mut before = refusals().remove(0).after(Kind::Resolved);
    before.replaced = Some(Replaced { at: at(-20), old_works: false });
    tell(before);
    insta::assert_snapshot!("endings", out);
}

#[test]
fn a_reader_sees_how_a_leak_is_told_and_how_it_ends() {
    let mut out = read(&leaks());
    let mut tell = |scene: Scene| writeln!(out, "{}", told(&scene, Kind::Resolved)).unwrap();
    let over = || leaks().remove(0).after(Kind::Resolved);
    let ended = |end: LeakEnd| {
        let mut scene = over();
        scene.alert.state.items = end.items();
        scene
    };
    let refused = || {
        let mut scene = ended(LeakEnd::Refused);
        let gone = bad(Fault::NotKnown, "400003");
        scene.watched = leaks().remove(0).watched.see_at(&gone, &[33, 34]);
        scene
    };
    tell(refused());
    let off = |mut scene: Scene, minute| {
        let leak = scene.watched.key.leaked.as_mut().unwrap();
        leak.called_off = Some((Clean::new("Kim", 20), at(minute)));
        scene
    };
    tell(off(ended(LeakEnd::CalledOff), 30));
    for old_works in [true, false] {
        let mut scene = ended(LeakEnd::Replaced);
        scene.replaced = Some(Replaced { at: at(30), old_works });
        tell(scene);
    }
    let mut removed = over();
    removed.watched.key.state = KeyState::Removed;
    tell(removed);
    // What comes after the refusal changes nothing about it.
    tell(off(refused(), 90));
    let mut later = refused();
    later.replaced = Some(Replaced { at: at(90), old_works: false });
    later.watched.key.state = KeyState::Removed;
    tell(later);
    // Other secrets, another word: what is known of the key now belongs to neither end.
    for end in [LeakEnd::Refused, LeakEnd::CalledOff, LeakEnd::Replaced] {
        let mut scene = ended(end);
        scene.watched.key.leaked = None;
        scene.replaced = Some(Replaced { at: at(90), old_works: true });
        tell(scene);
    }
    tell(over());
    insta::assert_snapshot!("leaks", out);
}

#[test]
fn a_reader_sees_lists_and_groups() {
    let mut scenes = all();
    scenes[10] = scenes[10].after(Kind::Acknowledged);
    let mut out = String::new();
    for scene in &scenes {
        let (tone, text) = headline(&scene.view(Kind::Opened));
        let shape = tone.shape().replace('\u{FE0E}', "");
        writeln!(out, "{shape} {}", line(&text, scene.now)).unwrap();
    }
    insta::assert_snapshot!("headlines", out);
    let message = MessageId("m1".into());
    let few: Vec<View<'_>> = [18, 0, 31].map(|n| scenes[n].view(Kind::Opened)).into();
    let many: Vec<View<'_>> = scenes.iter().map(|s| s.view(Kind::Opened)).collect();
    let over: Vec<Scene> = refusals().iter().take(2).map(|s| s.after(Kind::Resolved)).collect();
    let over: Vec<View<'_>> = over.iter().map(|s| s.view(Kind::Resolved)).collect();
    let groups = [few, many, over].map(|views| plain(&compose_group(&views, &message), at(12)));
    insta::assert_snapshot!("groups", groups.join("\n"));
}

/// What nobody wants to read at night.
const BANNED: [&str; 10] = [
    "simply",
    "just",
    "please",
    "obviously",
    "unfortunately",
    "sorry",
    "oops",
    "fix it",
    "easy",
    "don't worry",
];

fn has_a_step(card: &Card, text: &str) -> bool {
    let says = [
        "Next",
        "No step needed",
        "Delete the key at KuCoin now",
        "do not replace keys now",
        "/leaked",
    ];
    card.body.iter().any(|b| matches!(b, Block::Steps(steps) if !steps.is_empty()))
        || says.iter().any(|words| text.contains(words))
}

#[test]
fn every_card_keeps_the_rules_of_the_voice() {
    for scene in all() {
        for kind in KINDS {
            let scene = scene.after(kind);
            let card = compose(&scene.view(kind));
            let text = plain(&card, scene.now);
            let first = text.lines().next().unwrap_or_default().chars().count();
            let name = &scene.name;
            assert!(first <= 80, "{name}: first line has {first}\n{text}");
            assert!(text.chars().count() <= 700, "{name}: too long\n{text}");
            assert!(has_a_step(&card, &text), "{name}: no step\n{text}");
            let words = text.to_lowercase();
            let words: Vec<&str> =
                words.split(|c: char| !c.is_alphanumeric() && c != '\'').collect();
            for banned in BANNED {
                let is_there =
                    words.windows(banned.split(' ').count()).any(|w| w.join(" ") == banned);
                assert!(!is_there, "{name}: {banned}\n{text}");
            }
            assert!(
                !text.contains('!') && !text.contains("  ") && !text.contains(".."),
                "{name}\n{text}"
            );
            assert!(card.buttons.len() <= 3, "{name}: buttons\n{text}");
            let is_over = kind == Kind::Resolved;
            assert_eq!(is_over, card.tone == Tone::Over, "{name}");
            assert_eq!(
                is_over,
                card.buttons.is_empty(),
                "{name}: an open alert can be taken\n{text}"
            );
        }
    }
}

#[test]
fn somebody_elses_words_are_never_ours() {
    let foreign = [
        "mm-bot-1",
        "fra-2",
        "Kim",
        "kim",
        "Withdrawal",
        "Teleport",
        "InnerTransfer",
        "Futures",
        "198",
        "203.",
    ];
    for scene in all() {
        for kind in KINDS {
            let scene = scene.after(kind);
            let card = compose(&scene.view(kind));
            let lines = card.body.iter().flat_map(|block| match block {
                Block::Text(line) | Block::Item(_, line) => vec![line],
                Block::Steps(lines) => lines.iter().collect(),
            });
            for span in lines.chain([&card.title]).flat_map(|line| &line.0) {
                if let Span::Text(text) = span {
                    assert!(
                        !foreign.iter().any(|word| text.contains(word)),
                        "{}: {text}",
                        scene.name
                    );
                }
            }
        }
    }
}

#[test]
fn an_acknowledged_alert_offers_undo_and_an_open_one_to_take_it() {
    let id = AlertId("a1".into());
    for scene in all() {
        let (open, taken) = (scene.after(Kind::Opened), scene.after(Kind::Acknowledged));
        let has = |scene: &Scene, kind, action: &Action| {
            compose(&scene.view(kind)).buttons.iter().any(|button| button.action == *action)
        };
        let (mine, undo) =
            (Action::Acknowledge { alert: id.clone() }, Action::Undo { alert: id.clone() });
        assert!(
            has(&open, Kind::Opened, &mine) && !has(&open, Kind::Opened, &undo),
            "{}",
            scene.name
        );
        let kind = Kind::Acknowledged;
        assert!(has(&taken, kind, &undo) && !has(&taken, kind, &mine), "{}", scene.name);
    }
}

#[test]
fn the_money_comes_first_for_a_trading_key_that_is_refused() {
    for scene in refusals() {
        let view = scene.view(Kind::Opened);
        // What never worked here may be a slip of the fingers here.
        let may_be_ours = scene.alert.rule == Rule::Credentials && view.last_good.is_none();
        if view.trades() != Some(true)
            || may_be_ours
            || scene.alert.state.severity != Severity::Critical
        {
            continue;
        }
        let card = compose(&view);
        let steps = card.body.iter().find_map(|block| match block {
            Block::Steps(steps) => Some(steps),
            Block::Text(_) | Block::Item(..) => None,
        });
        let first = steps.and_then(|steps| steps.first()).map(|step| line(step, scene.now));
        assert_eq!(
            first.as_deref(),
            Some("Check open positions and orders by hand."),
            "{}",
            scene.name
        );
    }
}

#[test]
fn steps_lead_to_the_most_exact_entry() {
    let topics: Vec<(String, &str)> =
        all().iter().map(|s| (s.name.clone(), topic(&s.view(Kind::Opened)))).collect();
    let mut out = String::new();
    for (name, topic) in topics {
        writeln!(out, "{name}: {topic}").unwrap();
    }
    insta::assert_snapshot!("topics", out);
}

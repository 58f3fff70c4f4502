use chrono_tz::Tz;

use super::*;
use crate::domain::card::{Action, Grain};
use crate::domain::text::Clean;

fn wall() -> Wall {
    Wall { zone: Tz::Europe__Berlin, now: "2026-11-23T13:00:00Z".parse().unwrap() }
}

fn alone() -> Look<'static> {
    Look { wall: wall(), bot: None, calls: None }
}

fn card() -> Card {
    let at = "2026-11-30T13:00:00Z".parse().unwrap();
    let title = Line::default().name(&Clean::new("mm-bot-1", 20)).text(" expires in 7 days (");
    Card::new(Tone::Soon, title.moment(at, Grain::Minute).text(")"))
        .text(Line::from("KuCoin's own date. See /faq ").code("/keystatus mm-bot-1"))
        .steps(["Make a new key.".into(), "Delete the old one last.".into()])
}

#[test]
fn a_card_reads_on_a_phone() {
    assert_eq!(
        text(&card(), &alone()),
        "<b>\u{25B2}\u{FE0E} mm-bot-1 expires in 7 days (Mon 30 Nov 14:00 CET)</b>\n\
         KuCoin's own date. See /faq <code>/keystatus mm-bot-1</code>\n1. Make a new key.\n2. Delete the old one last."
    );
}

#[test]
fn in_a_group_commands_name_the_bot_and_only_a_critical_alert_calls() {
    let look = Look { bot: Some("keylapse_bot"), calls: Some("@ann_trades"), ..alone() };
    let shown = text(&card(), &look);
    assert!(
        shown.contains("See /faq@keylapse_bot <code>/keystatus@keylapse_bot mm-bot-1</code>"),
        "{shown}"
    );
    assert!(shown.ends_with("last.\n@ann_trades"), "{shown}");
    for calls in ["user:7", "@a b", "@<b>", "ann"] {
        assert!(!text(&card(), &Look { calls: Some(calls), ..alone() }).contains(calls), "{calls}");
    }
    let kept = ["https://www.kucoin.com/help", "a/help", "//help", "/helpme", "/stop", "1/2"];
    for text in kept {
        assert_eq!(addressed(text, Some("keylapse_bot")), text);
    }
    assert_eq!(addressed("(/help, /why)", Some("x")), "(/help@x, /why@x)");
}

#[test]
fn buttons_keep_their_order_their_ids_and_their_room() {
    let labels = ["I'm on it", "Steps", "What the exchange says about addresses", "Undo"];
    let card = labels.iter().fold(card(), |card, label| card.button(*label, Action::AllKeys));
    let ids: Vec<ButtonId> = (0..4).map(|n| ButtonId(format!("{n:022}"))).collect();
    let rows = keyboard(&card, &ids).unwrap().inline_keyboard;
    let shape: Vec<usize> = rows.iter().map(Vec::len).collect();
    assert_eq!(shape, [2, 1, 1]);
    let json = serde_json::to_value(&rows[1][0]).unwrap();
    assert_eq!(json["callback_data"], ids[2].as_str());
    assert_eq!(keyboard(&card, &[]), None);
    let long = Card::new(Tone::Plain, "x").button("l".repeat(300), Action::AllKeys);
    let label = &keyboard(&long, &ids).unwrap().inline_keyboard[0][0].text;
    assert_eq!(label.chars().count(), LABEL);
}

/// What the platform itself limits, for anything that can be said.
fn fits(name: &str, card: &Card) {
    let ids: Vec<ButtonId> =
        (0..card.buttons.len()).map(|n| ButtonId(format!("{n:022}"))).collect();
    for bot in [None, Some("keylapse_bot")] {
        let shown = text(card, &Look { bot, calls: Some("@ann_trades"), ..alone() });
        let marks = ["<b>", "</b>", "<code>", "</code>"];
        let seen = marks.iter().fold(shown.clone(), |text, mark| text.replace(mark, ""));
        assert!(!seen.contains(['<', '>']), "{name}: {shown}");
        let seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let units = seen.encode_utf16().count();
        assert!((1..=super::super::html::LONGEST).contains(&units), "{name}: {units}");
        assert!(!seen.contains('\u{2026}') || units < 4_000, "{name} was cut");
        for open in ["b", "code"] {
            let count = |mark: String| shown.matches(&mark).count();
            assert_eq!(count(format!("<{open}>")), count(format!("</{open}>")), "{name}");
        }
        assert!(!shown.contains("<b></b>") && !shown.contains("<code></code>"), "{name}: {shown}");
    }
    for row in keyboard(card, &ids).map(|k| k.inline_keyboard).unwrap_or_default() {
        assert!((1..=2).contains(&row.len()), "{name}");
        for button in row {
            assert!((1..=LABEL).contains(&button.text.chars().count()), "{name}");
        }
    }
}

#[test]
fn every_alert_that_can_be_said_fits() {
    let cards = crate::domain::notice::every_card();
    assert!(cards.len() > 100, "{}", cards.len());
    for (name, card) in cards {
        fits(&name, &card);
    }
}

#[test]
fn every_faq_entry_fits_whole() {
    let knowledge = crate::knowledge::Knowledge::embedded();
    assert!(knowledge.entries().len() > 30);
    for entry in knowledge.entries() {
        let mut card = Card::new(Tone::Plain, entry.title.as_str()).text(entry.answer.as_str());
        card = card.steps(entry.steps.iter().map(|step| step.as_str().into()));
        for note in &entry.notes {
            card = card.text(note.as_str());
        }
        for topic in entry.see.iter().take(3) {
            let title = knowledge.entry(topic).unwrap().title.clone();
            card = card.button(title, Action::AllKeys);
        }
        fits(entry.id.as_str(), &card);
    }
}

#[test]
fn foreign_words_are_dead_wherever_a_card_can_hold_them() {
    let hostile = [
        "<b>x</b>",
        "</code><a href=\"tg://user?id=1\">x</a>",
        "@durov",
        "#free",
        "t.me/evil",
        "https://evil.example/x",
        "/stop@other",
        "&lt;",
        "\u{202E}abc",
        "a\nb",
        "***",
        "[x](http://y)",
    ];
    for text in hostile {
        let name = Clean::new(text, 60);
        let card = Card::new(Tone::Broken, Line::default().name(&name).text(" refused"))
            .item(Tone::Fine, Line::default().name(&name))
            .text(Line::default().name(&name))
            .steps([Line::default().name(&name)]);
        fits(text, &card);
        let shown = super::text(&card, &alone());
        for live in
            ["<a", "@durov", "#free", ".me/", "://evil", "evil.e", "/stop", "\u{202E}", "&lt;\n"]
        {
            assert!(!shown.contains(live), "{text}: {shown}");
        }
    }
}

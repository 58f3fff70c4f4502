//! A card as Discord shows it, and everything that can be said within its limits.

use super::*;
use crate::domain::text::Clean;

fn now() -> DateTime<Utc> {
    "2026-11-23T13:00:00Z".parse().unwrap()
}

fn shown(card: &Card) -> serde_json::Value {
    let shown = message(std::slice::from_ref(card), &[], Tz::Europe__Berlin, now());
    serde_json::to_value(&shown.embeds[0]).unwrap()
}

#[test]
fn a_card_is_an_embed_with_shape_bar_and_moments_of_the_reader() {
    let at = "2026-11-30T13:00:00Z".parse().unwrap();
    let name = Clean::new("mm_bot-1", 20);
    let title = Line::default().name(&name).text(" expires (").moment(at, Grain::Minute).text(")");
    let card = Card::new(Tone::Soon, title)
        .text(
            Line::from("Until ")
                .moment(at, Grain::Minute)
                .text(", seen ")
                .moment(now(), Grain::Time),
        )
        .item(Tone::Fine, Line::from("on ").moment(at, Grain::Day))
        .steps([Line::from("Type ").code("/ack"), "Done.".into()]);
    let embed = shown(&card);
    assert_eq!(embed["title"], "\u{25B2}\u{FE0E} mm\\_bot-1 expires (Mon 30 Nov 14:00 CET)");
    assert_eq!(
        embed["description"],
        format!(
            "Until <t:{0}:f>, seen <t:{1}:t>\n\u{25CF}\u{FE0E} on <t:{0}:D>\n1. Type `/ack`\n2. Done.",
            1_796_043_600,
            now().timestamp()
        )
    );
    assert_eq!(embed["color"], 0xD9_A400);
}

#[test]
fn too_much_is_cut_at_whole_lines_and_never_inside_an_escape() {
    let long = (0..300).fold(Card::new(Tone::Plain, "x".repeat(400)), |card, n| {
        card.text(format!("line {n} {}", "\u{1F511}".repeat(12)))
    });
    let embed = shown(&long);
    assert!(units(embed["title"].as_str().unwrap()) <= TITLE);
    let text = embed["description"].as_str().unwrap();
    assert!(units(text) <= DESCRIPTION && text.ends_with("\n\u{2026}"));
    let many = message(&vec![long; 12], &[], Tz::UTC, now());
    let total: usize = many
        .embeds
        .iter()
        .map(|embed| {
            let embed = serde_json::to_value(embed).unwrap();
            units(embed["title"].as_str().unwrap()) + units(embed["description"].as_str().unwrap())
        })
        .sum();
    assert!(total <= TOTAL && many.embeds.len() > 1);
    assert_eq!(cut("ab\\*cd", 4), "ab\u{2026}");
    assert_eq!(cut("abc", 3), "abc");
}

/// What Discord itself limits, for anything that can be said.
fn fits(name: &str, cards: &[Card]) {
    let ids: Vec<Vec<ButtonId>> = cards
        .iter()
        .enumerate()
        .map(|(at, card)| {
            (0..card.buttons.len()).map(|n| ButtonId(format!("{at:011}{n:011}"))).collect()
        })
        .collect();
    let (first, title) = headed(&cards[0], &ids[0], Tz::Europe__Berlin, now());
    assert!(units(&title) + 30 <= 2_000, "{name}");
    for shown in [message(cards, &ids, Tz::Europe__Berlin, now()), first] {
        assert!((1..=EMBEDS).contains(&shown.embeds.len()), "{name}");
        let mut total = 0;
        for embed in &shown.embeds {
            let embed = serde_json::to_value(embed).unwrap();
            for (part, most) in [("title", TITLE), ("description", DESCRIPTION)] {
                let text = embed[part].as_str().unwrap_or_default();
                assert!(units(text) <= most, "{name}: {part}");
                assert!(!text.ends_with('\u{2026}'), "{name} was cut: {text}");
                total += units(text);
            }
        }
        assert!(total <= TOTAL, "{name}: {total}");
        let rows = serde_json::to_value(&shown.rows).unwrap();
        let rows = rows.as_array().unwrap();
        assert!(rows.len() <= ROWS, "{name}");
        for row in rows {
            let buttons = row["components"].as_array().unwrap();
            assert!((1..=ROW).contains(&buttons.len()), "{name}");
            for button in buttons {
                let label = button["label"].as_str().unwrap();
                assert!((1..=LABEL).contains(&units(label)), "{name}: {label}");
                assert!(!label.ends_with('\u{2026}'), "{name}: {label}");
            }
        }
    }
}

#[test]
fn every_alert_that_can_be_said_fits_whole() {
    let cards = crate::domain::notice::every_card();
    assert!(cards.len() > 100, "{}", cards.len());
    for (name, card) in cards {
        fits(&name, &[card]);
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
        fits(entry.id.as_str(), &[card]);
    }
}

#[test]
fn foreign_words_are_dead_wherever_a_card_can_hold_them() {
    let hostile = [
        "<@&77> <t:0:R>",
        "@everyone",
        "**x** __y__",
        "[x](https://evil.example)",
        "discord.gg/abc",
        "# x",
        "- x",
        "||x||",
        "```x```",
        "\u{202E}abc",
        "a\nb",
        "</keystatus:1>",
    ];
    for words in hostile {
        let name = Clean::new(words, 60);
        let line = || Line::default().name(&name);
        let card = Card::new(Tone::Broken, line().text(" refused"))
            .item(Tone::Fine, line())
            .text(line())
            .steps([line()])
            .text(Line::default().code(format!("/why {words}")));
        fits(words, std::slice::from_ref(&card));
        let embed = shown(&card);
        let text = format!("{}\n{}", embed["title"], embed["description"]);
        // Between backticks nothing is read but a backtick.
        let text: String = text.split('`').step_by(2).collect();
        // In JSON an escape is two backslashes.
        let text = text.replace("\\\\<", "").replace("\\\\*", "").replace("\\\\_", "");
        for live in [
            "<@",
            "<t:",
            "</",
            "@everyone",
            "**",
            "__",
            "](",
            "://",
            "discord.gg",
            "||",
            "\u{202E}",
        ] {
            assert!(!text.contains(live), "{words}: {live} in {text}");
        }
    }
}

//! `/faqgaps`: what people asked without a good answer, in the FAQ's own words and counts only.

use super::Reply;
use super::call::Call;
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::gap::{Gap, Lack};

/// Lines in one answer.
const MOST: usize = 15;

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, StoreError> {
    if call.desk.settings().await?.gaps_off {
        let card = Card::new(Tone::Plain, "Questions without an answer are not counted here.")
            .text(Line::from("Count them again: ").code("/settings gaps on"));
        return Ok(Reply::private(card));
    }
    let gaps = call.desk.gaps(call.at).await?;
    if gaps.is_empty() {
        let card =
            Card::new(Tone::Fine, "Nothing is counted: no question went without a good answer.");
        return Ok(Reply::private(card.text(KEPT)));
    }
    let of = |lack| gaps.iter().filter(|gap| gap.lack == lack).map(|gap| gap.times).sum::<i64>();
    let card =
        Card::new(Tone::Plain, "Questions without a good answer, last 30 days").text(format!(
            "Declined {}, unsure {}, marked not helpful {}.",
            of(Lack::Declined),
            of(Lack::Unsure),
            of(Lack::Unhelpful)
        ));
    let card = gaps.iter().take(MOST).fold(card, |card, gap| card.item(Tone::Plain, line(gap)));
    let more = gaps.len().saturating_sub(MOST);
    let card = if more > 0 { card.text(format!("and {more} rarer ones.")) } else { card };
    Ok(Reply::private(card.text(KEPT)))
}

const KEPT: &str = "Kept 30 days: words that stand in my answers, dots for all others, nobody's name. /settings gaps off ends it.";

/// "3 x declined: my … key …", "2 x not helpful: error-timestamp".
fn line(gap: &Gap) -> Line {
    let why = match gap.lack {
        Lack::Declined => "declined",
        Lack::Unsure => "unsure",
        Lack::Unhelpful => "not helpful",
    };
    let line = Line::from(format!("{} x {why}: ", gap.times));
    let line = if gap.topic.is_empty() { line } else { line.code(gap.topic.as_str()).text(" ") };
    match (gap.words.as_str(), gap.topic.is_empty()) {
        ("", true) => line.text("…"),
        ("", false) => line,
        (words, _) => line.name(&Clean::new(words, 120)),
    }
}

/// An answer was not helpful: counted, and what else may help.
pub(super) async fn unhelpful(
    call: &Call<'_>,
    topic: &str,
    words: &str,
) -> Result<Reply, StoreError> {
    // What a button holds was ours when it was made; a topic may have gone since.
    let Some(entry) = call.tools.knowledge.named(topic) else {
        return Ok(super::press::stale());
    };
    let is_counted = !call.desk.settings().await?.gaps_off;
    if is_counted {
        call.desk.note_gap(Lack::Unhelpful, (topic, words), call.at).await?;
    }
    let title = if is_counted { "Counted, without your name." } else { "Noted." };
    let card = Card::new(Tone::Plain, title)
        .text("Paste the last line of the error, or ask in other words.");
    let next = entry.see.iter().filter_map(|topic| call.tools.knowledge.entry(topic)).take(3);
    Ok(Reply::private(next.fold(card, |card, entry| {
        card.button(entry.title.clone(), Action::Steps { topic: entry.id.as_str().to_owned() })
    })))
}

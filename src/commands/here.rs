//! What is true here: the one line about the asker's own keys that an answer begins with. Only
//! where nobody else reads along, and only for those who may see keys.

use chrono::TimeDelta;

use super::Role;
use super::call::Call;
use super::reading::{Reading, ago};
use crate::domain::card::Line;
use crate::domain::expiry::End;
use crate::domain::receiver::Platform;
use crate::knowledge::Entry;
use crate::store::StoreError;
use crate::store::desk::KeyView;

/// Entries that speak of a key's end.
const ABOUT_ENDS: [&str; 5] =
    ["expired-meaning", "why-keys-expire", "regenerate-key", "without-revoking", "update-apps"];
/// An end further away has nothing to do with the question.
const NEAR: TimeDelta = TimeDelta::days(30);

/// "Here: mm-bot-1 was refused with exactly this code 12 minutes ago."
pub(super) async fn line(call: &Call<'_>, entry: &Entry) -> Result<Option<Line>, StoreError> {
    let is_about_ends = ABOUT_ENDS.contains(&entry.id.as_str());
    let concerns = is_about_ends || !entry.codes.is_empty();
    if !concerns || !is_for_the_asker_alone(call) || call.actor.role < Role::Viewer {
        return Ok(None);
    }
    let keys = call.desk.keys().await?;
    let ending = is_about_ends.then(|| ending(call, &keys)).flatten();
    Ok(refused(call, entry, &keys).or(ending))
}

/// Whether nobody but the asker reads what is answered: a private chat, or Discord, where an
/// answer in company is its asker's alone.
fn is_for_the_asker_alone(call: &Call<'_>) -> bool {
    call.place.private || call.place.platform == Platform::Discord
}

fn refused(call: &Call<'_>, entry: &Entry, keys: &[KeyView]) -> Option<Line> {
    let refused = keys.iter().filter_map(|key| {
        let (code, at) = call.reading(key).code()?;
        entry.codes.iter().any(|known| known == code).then_some((key, at))
    });
    let refused: Vec<_> = refused.collect();
    let (key, at) = refused.first()?;
    let line = Line::from("Here: ").label(&key.key.label);
    let more = match refused.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let was = if refused.len() == 1 { "was" } else { "were" };
    Some(line.text(format!("{more} {was} refused with exactly this code {}.", ago(call.at, *at))))
}

/// "Here: tracker ends Mon 30 Nov 14:00, in 7 days (KuCoin's own date)."
fn ending(call: &Call<'_>, keys: &[KeyView]) -> Option<Line> {
    let ends = keys.iter().filter_map(|key| {
        let reading = call.reading(key);
        let end = reading.ends().end()?;
        (end.at <= call.at + NEAR).then_some((end, reading))
    });
    let mut ends: Vec<(End, Reading<'_>)> = ends.collect();
    ends.sort_by_key(|(end, reading)| (end.at, reading.key.key.label.folded()));
    let (_, reading) = ends.first()?;
    let line = Line::from("Here: ").label(&reading.key.key.label).text(" ");
    let more = match ends.len() {
        1 => ".".to_owned(),
        n => format!("; {} more within 30 days: /upcoming.", n - 1),
    };
    Some(line.then(reading.end_line()).text(more))
}

//! A command without its argument never scolds: one candidate is taken, several become choices,
//! none is said with what to do.

use super::Reply;
use super::call::Call;
use super::press::stale;
use super::reading::Reading;
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::id::{KeyId, WorkspaceId};
use crate::domain::text::fold;
use crate::store::StoreError;
use crate::store::desk::KeyView;

/// What the choice ended in.
pub(super) enum Chosen {
    /// This key.
    Key(Box<KeyView>),
    /// No single one; this is the answer.
    Answer(Reply),
    /// There are keys, and none that the command can do anything with.
    None,
}

/// The most choices that are offered at once.
const MOST: usize = 10;

/// The key that a label means, else the only key there is, else a choice of `action` buttons.
pub(super) async fn key(
    call: &Call<'_>,
    label: Option<&str>,
    action: fn(KeyId) -> Action,
) -> Result<Chosen, StoreError> {
    among(call, label, action, |_| true).await
}

/// The same among the keys of which `fits` is true; a label that names another one means it still,
/// so that the answer can say why not. None that fits is [`Chosen::None`].
pub(super) async fn among(
    call: &Call<'_>,
    label: Option<&str>,
    action: fn(KeyId) -> Action,
    fits: fn(&Reading<'_>) -> bool,
) -> Result<Chosen, StoreError> {
    if let Some(label) = label
        && let Some(key) = call.desk.key_by_label(label).await?
    {
        return Ok(Chosen::Key(Box::new(key)));
    }
    let mut keys = call.desk.keys().await?;
    if keys.is_empty() {
        return Ok(Chosen::Answer(no_keys()));
    }
    let is_only = |keys: &[KeyView]| label.is_none() && keys.len() == 1;
    if is_only(&keys) {
        return Ok(Chosen::Key(Box::new(keys.remove(0))));
    }
    keys.retain(|key| fits(&call.reading(key)));
    if keys.is_empty() {
        return Ok(Chosen::None);
    }
    if is_only(&keys) {
        return Ok(Chosen::Key(Box::new(keys.remove(0))));
    }
    let title = if let Some(label) = label {
        nearest_first(&mut keys, label);
        "No key here has that label. Is it one of these?"
    } else {
        keys.sort_by_key(|key| call.reading(key).verdict());
        "Which key?"
    };
    let mut card = Card::new(Tone::Plain, title);
    let more = keys.len().saturating_sub(MOST);
    for key in keys.iter().take(MOST) {
        card = card.button(key.key.label.as_str(), action(key.key.id.clone()));
    }
    if more > 0 {
        card = card.text(
            Line::from(format!("and {more} more: type the label, as in "))
                .code("/keystatus mm-bot-1"),
        );
    }
    Ok(Chosen::Answer(Reply::private(card)))
}

fn nearest_first(keys: &mut [KeyView], label: &str) {
    let label = fold(&label.chars().take(64).collect::<String>());
    let score = |key: &KeyView| strsim::jaro_winkler(&label, &key.key.label.folded());
    keys.sort_by(|a, b| score(b).total_cmp(&score(a)));
}

/// From now on this person's private chat means this workspace; who may not see it never gets here.
pub(super) async fn workspace(call: &Call<'_>, id: &WorkspaceId) -> Result<Reply, StoreError> {
    let workspace = call.desk.workspace();
    if workspace.id != *id {
        return Ok(stale());
    }
    call.tools.store.choose_workspace(call.actor.platform, &call.actor.id, id).await?;
    let line = Line::from("From now on I mean ").name(&workspace.name).text(" here.");
    Ok(Reply::private(Card::new(Tone::Plain, line).text("/keystatus shows its keys.")))
}

/// Nothing is watched yet.
pub(super) fn no_keys() -> Reply {
    let card = Card::new(Tone::Plain, "No keys are watched here yet.").text(
        Line::from("Add one on the host: ")
            .code("keylapse key add")
            .text(". Then /keystatus shows it."),
    );
    Reply::private(card)
}

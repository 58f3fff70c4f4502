//! One interaction, from the person to the counter and back. Discord gives three seconds for the
//! first word: what is not ready after one is promised, privately, and written into the promise
//! later. Whatever is about keys only its asker sees.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serenity::all::{
    Builder, CreateAllowedMentions, CreateInteractionResponse, CreateInteractionResponseMessage,
    EditInteractionResponse, Http, HttpError, InteractionId, Mentionable as _, UserId,
};
use tokio::task::JoinError;

use super::render;
use crate::commands::{Counter, Reply};
use crate::domain::card::Card;
use crate::domain::id::ButtonId;

/// What is ready by then is said at once; the rest is promised.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What is said to a person.
pub struct Said {
    /// The cards.
    pub cards: Vec<Card>,
    /// The ids behind their buttons.
    pub buttons: Vec<Vec<ButtonId>>,
    /// Whether only its asker sees it.
    pub private: bool,
    /// The person who is called, by their number.
    pub calls: Option<String>,
    /// Where moments are read that must be words.
    pub zone: Tz,
    /// When it is said.
    pub now: DateTime<Utc>,
}

/// The door that Discord opened for one interaction.
pub struct Door<'a> {
    /// The way to Discord.
    pub http: &'a Http,
    /// The interaction.
    pub id: InteractionId,
    /// Its token: whoever has it can answer in our name.
    pub token: &'a str,
    /// Whether a button was pressed; silence is then an acknowledgement.
    pub is_press: bool,
    /// Who apologizes where an answer breaks off.
    pub counter: &'a Counter,
}

impl Door<'_> {
    /// Says what `work` makes; `None` is silence.
    pub async fn answer(&self, work: impl Future<Output = Option<Said>> + Send + 'static) {
        let mut work = tokio::spawn(work);
        let whole = |done| whole(done, || self.counter.broke_off());
        if let Ok(done) = tokio::time::timeout(AT_ONCE, &mut work).await {
            return match whole(done) {
                Some(said) => self.first(at_once(&said)).await,
                None if self.is_press => self.first(CreateInteractionResponse::Acknowledge).await,
                None => {}
            };
        }
        let promise = CreateInteractionResponseMessage::new().ephemeral(true);
        self.first(CreateInteractionResponse::Defer(promise)).await;
        let done = match whole(work.await) {
            Some(said) => edit(&said).execute(self.http, self.token).await.map(|_| ()),
            None => self.http.delete_original_interaction_response(self.token).await,
        };
        note(done);
    }

    /// The first word.
    pub async fn first(&self, response: CreateInteractionResponse) {
        note(response.execute(self.http, (self.id, self.token)).await);
    }
}

/// What there is to say, also where the work broke off.
fn whole(done: Result<Option<Said>, JoinError>, apology: impl FnOnce() -> Reply) -> Option<Said> {
    done.unwrap_or_else(|_| {
        Some(Said {
            cards: apology().cards,
            buttons: Vec::new(),
            private: true,
            calls: None,
            zone: Tz::UTC,
            now: DateTime::<Utc>::UNIX_EPOCH,
        })
    })
}

/// The log learns what happened and neither URL nor token, which serenity's own words hold.
fn note(done: serenity::Result<()>) {
    let fault = match done {
        Ok(()) => return,
        Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(answer))) => {
            // 10062: too late; 40060: answered already, by another that has this token.
            format!(
                "Discord refuses it ({}, code {})",
                answer.status_code.as_u16(),
                answer.error.code
            )
        }
        Err(serenity::Error::Http(_)) => "it did not get through".to_owned(),
        Err(_) => "Discord's answer could not be read".to_owned(),
    };
    tracing::warn!("an answer to a person failed: {fault}");
}

/// The first word where it is the whole answer.
pub(super) fn at_once(said: &Said) -> CreateInteractionResponse {
    CreateInteractionResponse::Message(message(said))
}

fn message(said: &Said) -> CreateInteractionResponseMessage {
    let shown = render::message(&said.cards, &said.buttons, said.zone, said.now);
    let message = CreateInteractionResponseMessage::new()
        .embeds(shown.embeds)
        .components(shown.rows)
        .ephemeral(said.private);
    match person(said) {
        Some(person) => message
            .content(person.mention().to_string())
            .allowed_mentions(CreateAllowedMentions::new().users([person])),
        None => message.allowed_mentions(CreateAllowedMentions::new()),
    }
}

/// Who is called. What was promised was promised to its asker alone, so an edit calls nobody.
fn person(said: &Said) -> Option<UserId> {
    let number: u64 = said.calls.as_deref()?.parse().ok()?;
    (number > 0).then(|| UserId::new(number))
}

fn edit(said: &Said) -> EditInteractionResponse {
    let shown = render::message(&said.cards, &said.buttons, said.zone, said.now);
    EditInteractionResponse::new()
        .embeds(shown.embeds)
        .components(shown.rows)
        .allowed_mentions(CreateAllowedMentions::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Tone;

    #[tokio::test]
    async fn who_broke_off_apologizes_to_the_asker_alone_and_promises_nothing() {
        let crashed = tokio::spawn(async { std::panic::resume_unwind(Box::new("of the test")) });
        let apology = Reply::private(Card::new(Tone::Unknown, "Something broke (reference 7)."));
        let said = whole(crashed.await, || apology.clone()).expect("a word");
        assert_eq!((said.cards, said.private), (apology.cards.clone(), true));
        assert!(whole(Ok(None), || apology).is_none());
    }
}

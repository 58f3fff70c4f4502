//! Test 5: a person of one workspace uses every id of another one, in every command and under
//! every button, through the real adapters. The answer is the one to an id that exists nowhere,
//! byte for byte, and no row of the other workspace changes. Commands and arguments come from the
//! table of commands, kinds of buttons from the type that is stored: a new one without a case
//! here turns red.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use keylapse::clock::Clock;
use keylapse::commands::{Argument, SPECS, Spec};
use keylapse::domain::card::Action;
use keylapse::domain::receiver::Platform;
use keylapse::store::button::Offer;
use keylapse::store::desk::Desk;
use serde_json::json;

use super::foreign::{Id, Theirs, alike, button, kinds, shapes, timeless, typed};
use super::house::{ANN, BLUE, BO, DESK, House, Plan, differences};
use crate::stories::discord::town::{KEYS, MANAGER, in_server};

/// Where Ann tries it.
#[derive(Clone, Copy, Debug)]
enum Place {
    TelegramGroup,
    TelegramPrivate,
    DiscordServer,
}

const PLACES: [Place; 3] = [Place::TelegramGroup, Place::TelegramPrivate, Place::DiscordServer];

impl Place {
    fn address(self) -> (Platform, String, String) {
        let ann = ANN.id.to_string();
        match self {
            Self::TelegramGroup => (Platform::Telegram, DESK.to_string(), ann),
            Self::TelegramPrivate => (Platform::Telegram, ann.clone(), ann),
            Self::DiscordServer => (Platform::Discord, KEYS.to_string(), MANAGER.to_string()),
        }
    }
}

/// Tells everything that a platform was sent for one try.
struct Matrix {
    house: House,
    theirs: Theirs,
}

impl Matrix {
    async fn build() -> Self {
        let mut house = House::build(Plan::QUIET).await;
        let (ours, theirs) = (house.ours.clone(), house.theirs.clone());
        for label in ["red-bot-1", "amber-2"] {
            house.watch(&ours, label, &[]).await;
        }
        for label in ["blue-bot-1", "blue-two-2"] {
            house.watch(&theirs, label, &["Bo's grid bot"]).await;
        }
        house.tells(&theirs, "blue-nights", BO.id).await;
        // One alert here, two there: the second number is theirs alone.
        for label in ["red-bot-1", "blue-bot-1", "blue-two-2"] {
            house.gains_withdrawal(label);
        }
        house.until_open(&ours, 1).await;
        house.until_open(&theirs, 2).await;
        // The first reminders come soon; after them nothing happens by itself for hours.
        house.pass(TimeDelta::minutes(90)).await;
        let test = house.telegram.writes(BO, BLUE, "/notify test blue-nights");
        house.served(test).await;
        let first = |desk: &Desk, text: &str| {
            let id = desk.workspace().id.as_str();
            text.replace("OURS", &format!("workspace_id = '{id}'"))
        };
        let mut found = Vec::new();
        for text in [
            "SELECT id FROM keys WHERE OURS AND label = 'blue-bot-1'",
            "SELECT id FROM alerts WHERE OURS AND no = 2",
            "SELECT id FROM receivers WHERE OURS AND name = 'blue-nights'",
            "SELECT id FROM messages WHERE OURS AND test_json IS NOT NULL",
        ] {
            let rows = house.column(first(&theirs, text)).await;
            assert!(!rows.is_empty(), "{text}");
            found.push(Id::of(rows[0].clone()));
        }
        let [key, alert, receiver, message] = <[Id; 4]>::try_from(found).unwrap();
        assert_eq!(ours.open_alerts().await.unwrap().len(), 1);
        let theirs = Theirs {
            key,
            alert,
            receiver,
            message,
            label: Id::of("blue-bot-1"),
            number: Id::of("2"),
            name: Id {
                theirs: "blue-nights".into(),
                nowhere: "blue-nighty".into(),
                first: "blue-nightz".into(),
            },
            workspace: Id::of(theirs.workspace().id.as_str()),
        };
        Self { house, theirs }
    }

    /// What was sent to people since, without what differs by itself.
    fn said(&self, since: usize, id: &str) -> String {
        let requests = self.house.telegram.since(since);
        let to_people = ["sendMessage", "editMessageText", "answerCallbackQuery"];
        let said = requests.iter().filter(|one| to_people.contains(&one.method.as_str()));
        let said = said.map(|one| format!("{} {}", one.method, alike(&one.body, id)));
        said.collect::<Vec<_>>().join("\n")
    }

    async fn says(
        &self,
        place: Place,
        spec: &Spec,
        shape: &[(&Argument, Option<&'static str>)],
        id: &str,
    ) -> String {
        let filled: Vec<(&str, &str)> =
            shape.iter().map(|(argument, word)| (argument.name, word.unwrap_or(id))).collect();
        if let Place::DiscordServer = place {
            return self.hears(self.house.asks(MANAGER, in_server(), spec.name, &filled), id).await;
        }
        let words: Vec<&str> = filled.iter().map(|(_, word)| *word).collect();
        let line = format!("/{}@keylapse_bot {}", spec.name, words.join(" "));
        let chat = if let Place::TelegramGroup = place { DESK } else { ANN.id };
        let since = self.house.telegram.asked();
        let update = self.house.telegram.writes(ANN, chat, &line);
        self.house.served(update).await;
        self.opens_letter(since).await;
        self.said(since, id)
    }

    async fn presses(&self, place: Place, id: &str) -> String {
        if let Place::DiscordServer = place {
            let data = json!({"custom_id": id, "component_type": 2});
            let under = json!({"id": "901", "channel_id": KEYS.to_string(), "type": 0, "content": "x", "embeds": [],
                "attachments": [], "author": {"id": "1200000000000000001", "username": "k", "discriminator": "0",
                "global_name": null, "avatar": null}, "timestamp": "2027-01-04T10:00:00.000000+00:00",
                "edited_timestamp": null, "tts": false, "pinned": false, "mention_everyone": false, "mentions": [],
                "mention_roles": [], "flags": 0, "components": []});
            let asked = self.house.discord.interact(3, (MANAGER, in_server()), data, Some(under));
            return self.hears(asked, id).await;
        }
        let chat = if let Place::TelegramGroup = place { DESK } else { ANN.id };
        let since = self.house.telegram.asked();
        let (update, _) = self.house.telegram.presses(ANN, chat, 1, id);
        self.house.served(update).await;
        self.opens_letter(since).await;
        self.said(since, id)
    }

    /// What was answered for her eyes only stands behind a link.
    async fn opens_letter(&self, since: usize) {
        let requests = self.house.telegram.since(since);
        let said: String = requests.iter().map(|one| one.body.to_string()).collect();
        let Some((_, name)) = said.split_once("?start=") else { return };
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let update = self.house.telegram.writes(ANN, ANN.id, &format!("/start {name}"));
        self.house.served(update).await;
    }

    async fn hears(&self, interaction: u64, id: &str) -> String {
        let talk = self.house.discord.answer(interaction).await;
        self.house.stage.clock.settle().await;
        let choices = talk.choices.unwrap_or_default();
        alike(&json!([talk.kind, talk.ephemeral, talk.shown, choices]), id)
    }

    /// The same words for their id and for one of nobody, and nothing of theirs has changed.
    async fn compare(&self, what: &str, said: [impl Future<Output = String>; 3]) {
        let before = self.house.tables_of(&self.house.theirs).await;
        let [first, theirs, nowhere] = said;
        first.await;
        let (theirs, nowhere) = (theirs.await, nowhere.await);
        assert_eq!(theirs, nowhere, "{what}");
        assert!(!theirs.trim().is_empty(), "{what}: no answer");
        let after = self.house.tables_of(&self.house.theirs).await;
        assert_eq!(differences(&before, &after), [""; 0], "{what}");
        for of_blue in ["blue-", "Blue", "grid bot"] {
            assert!(!theirs.contains(of_blue), "{what} tells of {of_blue}: {theirs}");
        }
    }

    async fn offers(
        &self,
        desk: &Desk,
        place: (Platform, String),
        person: Option<String>,
        action: Action,
    ) -> String {
        let now = self.house.stage.clock.now();
        let offer = Offer {
            workspace: desk.workspace().id.clone(),
            platform: place.0,
            chat: place.1,
            message: None,
            person,
            alert: None,
            until: now + TimeDelta::hours(12),
        };
        self.house.stage.store.offer(&offer, &[action], now).await.unwrap()[0].as_str().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_id_in_any_command_is_answered_like_one_that_exists_nowhere() {
    let matrix = Matrix::build().await;
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for spec in typed() {
        for (shape, kind) in shapes(spec) {
            for id in matrix.theirs.said(kind) {
                for place in PLACES {
                    let what = format!("{place:?}: /{} {shape:?} with {}", spec.name, id.theirs);
                    let try_it = |id| matrix.says(place, spec, &shape, id);
                    let said = [try_it(&id.first), try_it(&id.theirs), try_it(&id.nowhere)];
                    matrix.compare(&what, said).await;
                    *tried.entry(spec.name).or_default() += 1;
                }
            }
        }
    }
    let takes_something = typed().filter(|spec| !spec.arguments.is_empty());
    assert!(takes_something.map(|spec| spec.name).all(|name| tried[name] > 0), "{tried:?}");
    matrix.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_typed_in_offers_nothing_of_another_workspace() {
    let matrix = Matrix::build().await;
    for spec in typed() {
        for argument in spec.arguments {
            for id in matrix.theirs.said(argument.kind) {
                let typing = |id: &str| {
                    let typed =
                        json!({"name": argument.name, "type": 3, "value": id, "focused": true});
                    let data = json!({"id": "5", "name": spec.name, "type": 1, "options": [typed]});
                    matrix.house.discord.interact(4, (MANAGER, in_server()), data, None)
                };
                let what = format!("typing {} in /{}", id.theirs, spec.name);
                let try_it = async |id: &str| matrix.hears(typing(id), id).await;
                let said = [try_it(&id.first), try_it(&id.theirs), try_it(&id.nowhere)];
                matrix.compare(&what, said).await;
            }
        }
    }
    matrix.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_of_another_workspace_is_answered_like_one_that_exists_nowhere() {
    let matrix = Matrix::build().await;
    let theirs = matrix.house.theirs.clone();
    // Every button there is under their messages and in their answers.
    let blue = theirs.workspace().id.as_str();
    let real =
        matrix.house.column(format!("SELECT id FROM buttons WHERE workspace_id = '{blue}'")).await;
    assert!(real.len() >= 6, "{real:?}");
    let mut rows: Vec<(String, Place, String)> = Vec::new();
    for place in PLACES {
        rows.extend(real.iter().map(|id| ("a real one".to_owned(), place, id.clone())));
        let (platform, chat, person) = place.address();
        for kind in kinds() {
            let action = button(&kind, &matrix.theirs, |id| id.theirs);
            // Bound to her own chat and to herself: only the workspace is not hers.
            for whose in [None, Some(person.clone())] {
                let id =
                    matrix.offers(&theirs, (platform, chat.clone()), whose, action.clone()).await;
                rows.push((kind.clone(), place, id));
            }
        }
    }
    for (kind, place, token) in rows {
        let id = Id::of(token);
        let what = format!("{place:?}: {kind}");
        let said = [
            matrix.presses(place, &id.first),
            matrix.presses(place, &id.theirs),
            matrix.presses(place, &id.nowhere),
        ];
        matrix.compare(&what, said).await;
    }
    matrix.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_of_ones_own_that_names_foreign_things_reaches_nothing() {
    let matrix = Matrix::build().await;
    let ours = matrix.house.ours.clone();
    for place in PLACES {
        let (platform, chat, _) = place.address();
        for kind in kinds() {
            let row = async |which: fn(Id) -> String| {
                let action = button(&kind, &matrix.theirs, which);
                let id = matrix.offers(&ours, (platform, chat.clone()), None, action).await;
                matrix.presses(place, &id).await
            };
            let said = [row(|id| id.first), row(|id| id.theirs), row(|id| id.nowhere)];
            matrix.compare(&format!("{place:?}: {kind}"), said).await;
        }
    }
    matrix.house.close().await;
}

#[test]
fn the_matrix_has_the_buttons_and_commands_that_there_are() {
    let kinds = kinds();
    for known in ["acknowledge", "accept", "remove_receiver", "choose_workspace"] {
        assert!(kinds.iter().any(|kind| kind == known), "{kinds:?}");
    }
    let ack = SPECS.iter().find(|spec| spec.name == "ack").unwrap();
    assert_eq!(shapes(ack).len(), 3);
    let notify = SPECS.iter().find(|spec| spec.name == "notify").unwrap();
    // The receiver, with and without each act and each severity, and an id in either's place.
    assert_eq!(shapes(notify).len(), 5 * 4 + 4 + 5);
    assert_eq!(timeless("since 9:00\nred: 3 h"), "since TIME\nred: N UNITS");
    assert_eq!(timeless("Checked 4 min ago, at 14:02."), "Checked N UNITS ago, at TIME");
}

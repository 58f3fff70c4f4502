//! `/start`: how a chat comes in. With a code of the host its bringer becomes what the code says
//! and the chat is told; where the host is open to everybody, who manages a chat gets answers
//! there. Everybody else hears that this bot is private.

use super::{Command, Counter, KEPT_SMALL, Reply, Role, Spec, Visitor, WIDE};
use crate::domain::access::Standing;
use crate::domain::card::{Card, Line, Tone};
use crate::domain::signal::Severity;
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::audit::Entry;
use crate::store::chat::Chat;
use crate::store::claim::{Arrival, Arrived, Claimed};
use crate::store::opening::Opened;
use crate::store::receiver::NewReceiver;

impl Visitor {
    /// Who they are in the audit.
    fn by(&self) -> String {
        format!("{} {}", self.platform.id(), self.id)
    }

    /// The audit's row of something that they did at the door.
    fn entry(&self, action: &'static str, target: String) -> Entry {
        Entry {
            actor: Clean::new(&format!("{} ({})", self.name, self.by()), 120),
            place: format!("{}:{}", self.platform.id(), self.place.chat),
            action,
            target: Some(target),
            before: None,
            after: None,
        }
    }
}

impl Counter {
    /// `/start` and `/start CODE`: a code lets the person in and makes their chat one of the
    /// workspace. Wrong, late and used codes get the stranger's line.
    pub async fn start(
        &self,
        visitor: &Visitor,
        standing: &Standing,
        code: Option<&str>,
        known: bool,
    ) -> Reply {
        let spec = Spec::of(&Command::Start { code: None });
        if let Some(reply) = self.turn_away(&visitor.actor(Role::Anyone), spec, visitor.at) {
            return reply;
        }
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            if !known {
                return match self.open(visitor, standing).await {
                    Ok(Some(reply)) => reply,
                    Ok(None) => self.greet(visitor),
                    Err(error) => self.apologize(&error),
                };
            }
            // Whoever had blocked the bot and starts it anew is told again.
            self.found(visitor.platform, &visitor.place.chat).await;
            return Reply::private(first_contact());
        };
        match self.claim(visitor, code).await {
            Ok(Some(reply)) => reply,
            Ok(None) if known => Reply::private(Card::new(
                Tone::Plain,
                "That code is wrong, used or older than ten minutes; keylapse invite on the host makes a new one.",
            )),
            Ok(None) => self.greet(visitor),
            Err(error) => self.apologize(&error),
        }
    }

    /// Whether whoever manages a chat may bring the bot there without a code.
    pub fn is_open(&self) -> bool {
        self.tools.host.is_open
    }

    /// Where the host lets everybody in, who manages a chat opens a workspace there that answers
    /// questions and watches nothing.
    async fn open(
        &self,
        visitor: &Visitor,
        standing: &Standing,
    ) -> Result<Option<Reply>, StoreError> {
        let Some(room) = visitor.room.clone() else { return Ok(None) };
        if !self.is_open() || !standing.is_member || !standing.manages {
            return Ok(None);
        }
        let chat = Chat {
            platform: visitor.platform,
            address: room.clone(),
            title: visitor.title.clone(),
            is_configured: false,
        };
        let entry = visitor.entry("workspace.opened", room);
        let opened =
            self.tools.store.open_workspace(&chat, &visitor.by(), &entry, visitor.at).await?;
        match opened {
            Opened::In => {}
            Opened::Taken => return Ok(None),
            Opened::TooMany => {
                let line = "You brought me to many places already. I leave nothing behind where you remove me; then this one has room.";
                return Ok(Some(Reply::private(Card::new(Tone::Plain, line))));
            }
            Opened::Full => {
                let line = "I am in as many places as I can serve. Ask whoever runs me for a code.";
                return Ok(Some(Reply::private(Card::new(Tone::Plain, line))));
            }
        }
        let card = Card::new(Tone::Fine, "I answer questions about exchange API keys here: /faq")
            .text("No keys are watched here. Whoever runs this bot can change that.")
            .text(
                Line::from("Admins choose with ")
                    .code("/settings faq here")
                    .text(" where everybody may read an answer."),
            );
        Ok(Some(Reply::open(card)))
    }

    async fn claim(&self, visitor: &Visitor, code: &str) -> Result<Option<Reply>, StoreError> {
        let address = visitor.room.clone().unwrap_or_else(|| visitor.place.chat.clone());
        let title =
            if visitor.title.is_empty() { visitor.name.clone() } else { visitor.title.clone() };
        let arrival = Arrival {
            chat: Chat {
                platform: visitor.platform,
                address: address.clone(),
                title: title.clone(),
                is_configured: false,
            },
            person: visitor.id.clone(),
            in_company: visitor.room.is_some(),
            by: visitor.by(),
            receiver: NewReceiver {
                // On Discord a channel of the server; elsewhere the chat itself.
                name: visitor.place.title.clone().unwrap_or(title),
                address: visitor.place.address(),
                min_severity: Severity::Notice,
                mention: None,
            },
            entry: visitor.entry("chat.enrolled", address),
        };
        let claimed = match self.tools.store.arrive(code, &arrival, visitor.at).await? {
            None => return Ok(None),
            Some(Arrived::ElsewhereAlready) => {
                let line = "This chat belongs to another workspace already; take one that is free. The code was seen here, so it is spent: keylapse invite makes another.";
                return Ok(Some(Reply::private(Card::new(Tone::Plain, line))));
            }
            Some(Arrived::NeedsAdmin) => {
                let line = "That code is for one person, and it was seen here, so it is spent. A group or server comes in with keylapse invite --role admin; whoever manages it is admin then.";
                return Ok(Some(Reply::private(Card::new(Tone::Plain, line))));
            }
            Some(Arrived::In(claimed)) => claimed,
        };
        self.tools.wake_courier.ring();
        Ok(Some(Reply::private(welcome(&claimed, visitor.place.wide))))
    }
}

/// What somebody is told who came in by a code.
fn welcome(claimed: &Claimed, is_wide: bool) -> Card {
    let Claimed { workspace, promised, role, is_told } = claimed;
    let mut card =
        Card::new(Tone::Fine, Line::from("Connected to ").name(&workspace.name).text("."));
    let told = if *is_told { ", and this chat gets the warnings" } else { "" };
    card = card.text(format!("You are {} here{told}.", role.name()));
    if role < promised {
        let line = format!(
            "The code said {}; what you are is set in keylapse.toml on the host, change it there.",
            promised.name()
        );
        card = card.text(line);
    }
    card = card.text(match (is_told, role) {
        (_, Role::Admin) => "/keystatus shows the keys; /notify changes who is told.",
        (true, _) => "/keystatus shows the keys.",
        (false, _) => {
            "/keystatus shows the keys. Who gets the warnings here is for an admin to say."
        }
    });
    if is_wide && *is_told && *role == Role::Admin {
        card.text(WIDE).text(KEPT_SMALL)
    } else {
        card
    }
}

/// What a stranger is told where a platform makes us answer.
pub fn private_bot() -> Reply {
    let line = "This bot is private. Its operator can give you a code.";
    Reply::private(Card::new(Tone::Plain, line))
}

/// What a bot says first where it is at home.
pub fn first_contact() -> Card {
    Card::new(Tone::Plain, "I watch API keys and warn here before one stops working.").steps([
        "Add a key on the host: keylapse key add.".into(),
        "/keystatus shows it.".into(),
        "Everything else: /help".into(),
    ])
}

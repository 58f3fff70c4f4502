//! Where notices go.

use serde::{Deserialize, Serialize};

use super::id::{ReceiverId, WorkspaceId};
use super::signal::Severity;
use super::text::Clean;

/// A named destination, delivered one message at a time (its lane).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its identity.
    pub id: ReceiverId,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: Clean,
    /// Where it is.
    pub address: Address,
    /// What it does not want to hear is below this.
    pub min_severity: Severity,
    /// Who is called when something is critical: `role:ID`, `user:ID` or `@name`.
    pub mention: Option<String>,
}

/// A place on a platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The platform.
    pub platform: Platform,
    /// The chat, as the platform names it.
    pub chat: String,
    /// The topic or thread inside it.
    pub topic: Option<String>,
}

/// Where people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// The terminal in which the bot runs.
    Console,
    /// Discord.
    Discord,
    /// Telegram.
    Telegram,
}

impl Platform {
    /// The word in tables and settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
        }
    }

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Console => "terminal",
            Self::Discord => "Discord",
            Self::Telegram => "Telegram",
        }
    }

    /// Reads the word used in tables and settings.
    pub fn parse(id: &str) -> Option<Self> {
        [Self::Console, Self::Discord, Self::Telegram].into_iter().find(|p| p.id() == id)
    }
}

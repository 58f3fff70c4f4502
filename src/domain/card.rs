//! What to say, in meaning: tone, lines, moments, buttons. How it looks is each platform's affair.
//! Untrusted text travels as [`Span::Name`], so that an adapter can keep its markup dead.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::guide::fix::Fix;
use super::id::{AlertId, KeyId, MessageId, ReceiverId, WorkspaceId};
use super::signal::Severity;
use super::text::{Clean, Label};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its mood; a word and a shape stand beside every colour.
    pub tone: Tone,
    /// The first line: the decision.
    pub title: Line,
    /// The rest.
    pub body: Vec<Block>,
    /// What a press offers; at most two are primary on an alert.
    pub buttons: Vec<Button>,
}

/// The mood of a card or line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Works.
    Fine,
    /// Needs a person soon.
    Soon,
    /// Broken or dangerous.
    Broken,
    /// Nobody can say.
    Unknown,
    /// Over.
    Over,
    /// Neither: an answer, a list, a help page.
    Plain,
}

impl Tone {
    /// The shape, with the text variation selector so that it stays a character.
    pub fn shape(self) -> &'static str {
        match self {
            Self::Fine => "\u{25CF}\u{FE0E}",
            Self::Soon => "\u{25B2}\u{FE0E}",
            Self::Broken => "\u{2716}\u{FE0E}",
            Self::Unknown => "?",
            Self::Over => "\u{2714}\u{FE0E}",
            Self::Plain => "",
        }
    }
}

/// A part of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Text(Line),
    /// An item of a list, with its own tone.
    Item(Tone, Line),
    /// Numbered steps.
    Steps(Vec<Line>),
}

/// A line of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Our own words.
    Text(String),
    /// Somebody else's words; never markup.
    Name(Clean),
    /// An instant, in the reader's zone where the platform can, else the workspace's.
    Moment(DateTime<Utc>, Grain),
    /// A command or value to type as it stands.
    Code(String),
}

/// How much of an instant is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// `14:02` when it is today, else with the day.
    Time,
    /// `Mon 30 Nov 14:00`.
    Minute,
    /// `Mon 30 Nov`.
    Day,
}

impl Line {
    /// Adds words of ours.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Text(text.into()));
        self
    }

    /// Adds words of somebody else.
    #[must_use]
    pub fn name(mut self, name: &Clean) -> Self {
        self.0.push(Span::Name(name.clone()));
        self
    }

    /// Adds a key's label.
    #[must_use]
    pub fn label(self, label: &Label) -> Self {
        let clean = Clean::new(label.as_str(), Label::LONGEST);
        self.name(&clean)
    }

    /// Adds an instant.
    #[must_use]
    pub fn moment(mut self, at: DateTime<Utc>, grain: Grain) -> Self {
        self.0.push(Span::Moment(at, grain));
        self
    }

    /// Adds something to type as it stands.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.0.push(Span::Code(code.into()));
        self
    }

    /// Adds another line's spans.
    #[must_use]
    pub fn then(mut self, line: Self) -> Self {
        self.0.extend(line.0);
        self
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::default().text(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::default().text(text)
    }
}

impl Card {
    /// A card with a first line only.
    pub fn new(tone: Tone, title: impl Into<Line>) -> Self {
        Self { tone, title: title.into(), body: Vec::new(), buttons: Vec::new() }
    }

    /// Puts a word of warning before everything else: nothing real looks like this.
    #[must_use]
    pub fn marked(mut self, word: &str) -> Self {
        self.title.0.insert(0, Span::Text(format!("{word} ")));
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(mut self, line: impl Into<Line>) -> Self {
        self.body.push(Block::Text(line.into()));
        self
    }

    /// Adds a list item.
    #[must_use]
    pub fn item(mut self, tone: Tone, line: impl Into<Line>) -> Self {
        self.body.push(Block::Item(tone, line.into()));
        self
    }

    /// Adds numbered steps.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = Line>) -> Self {
        self.body.push(Block::Steps(steps.into_iter().collect()));
        self
    }

    /// Adds a button.
    #[must_use]
    pub fn button(mut self, label: impl Into<String>, action: Action) -> Self {
        self.buttons.push(Button { label: label.into(), action });
        self
    }
}

/// Something to press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Says what will happen.
    pub label: String,
    /// What happens.
    pub action: Action,
}

/// A chat by its address, for a button that can be pressed elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The chat, as its platform names it.
    pub chat: String,
    /// The topic inside it.
    pub topic: Option<String>,
    /// What it is called.
    pub title: String,
}

/// What a press means: a command with its arguments filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    /// "I'm on it."
    Acknowledge {
        /// The alert.
        alert: AlertId,
    },
    /// Takes "I'm on it" back.
    Undo {
        /// The alert.
        alert: AlertId,
    },
    /// "I'm on it" for all alerts of a grouped message.
    AcknowledgeAll {
        /// The message.
        message: MessageId,
    },
    /// The alerts of a grouped message, one by one.
    Show {
        /// The message.
        message: MessageId,
    },
    /// A FAQ entry.
    Steps {
        /// Its topic.
        topic: String,
    },
    /// What changed is accepted as it is now.
    Accept {
        /// The key.
        key: KeyId,
    },
    /// How to tell keylapse of a replaced key.
    Replaced {
        /// The key.
        key: KeyId,
    },
    /// The address that the exchange saw, privately.
    ShowAddress {
        /// The key.
        key: KeyId,
    },
    /// One key in detail.
    Key {
        /// The key.
        key: KeyId,
    },
    /// All keys, the fine ones too.
    AllKeys,
    /// Why a key is as it is and what was or was not said about it.
    Why {
        /// The key.
        key: KeyId,
    },
    /// One step of `/fix`, with all the answers so far.
    Fix {
        /// They.
        fix: Fix,
    },
    /// The checklist of `/security` for one key.
    Security {
        /// The key.
        key: KeyId,
    },
    /// Asks the exchange now.
    Check {
        /// The key.
        key: KeyId,
    },
    /// What to do about a leaked key.
    Leaked {
        /// The key.
        key: KeyId,
    },
    /// Says that a key is leaked, and watches it until the exchange refuses it.
    WatchLeaked {
        /// The key.
        key: KeyId,
    },
    /// Says that it was not leaked after all.
    NotLeaked {
        /// The key.
        key: KeyId,
    },
    /// This chat is told from now on.
    AddReceiver {
        /// From which severity on.
        from: Severity,
        /// The chat that is meant, where the button may be pressed in another.
        #[serde(default)]
        to: Option<Spot>,
    },
    /// One receiver in detail.
    Receiver {
        /// The receiver.
        receiver: ReceiverId,
    },
    /// A test message is sent to a receiver.
    TestReceiver {
        /// The receiver.
        receiver: ReceiverId,
    },
    /// A receiver is told from another severity on.
    SetReceiver {
        /// The receiver.
        receiver: ReceiverId,
        /// From which severity on.
        from: Severity,
    },
    /// A receiver is removed.
    RemoveReceiver {
        /// The receiver.
        receiver: ReceiverId,
    },
    /// Under a test message: "it arrived".
    Seen {
        /// The message.
        message: MessageId,
    },
    /// A FAQ answer that only its asker saw is shown to everybody here.
    PostHere {
        /// Its topic.
        topic: String,
    },
    /// An answer did not help.
    NotHelpful {
        /// Its topic.
        topic: String,
        /// The outline of the question, in the FAQ's own words.
        words: String,
    },
    /// In a private chat, which workspace is meant from now on.
    ChooseWorkspace {
        /// The workspace.
        workspace: WorkspaceId,
    },
}

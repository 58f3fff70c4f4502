//! The chats beside the terminals: a Telegram group and a Discord channel of the same workspace,
//! told by the real adapters against the strict fakes. Whatever a story reads on its terminal must
//! have been told there as well, in the same order and as often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use keylapse::chat::Messenger;
use keylapse::chat::{discord, telegram};
use keylapse::clock::Clock;
use keylapse::domain::receiver::{Address, Platform};
use keylapse::domain::signal::Severity;
use keylapse::domain::text::Clean;
use keylapse::http_client::Timeouts;
use keylapse::secret::Secret;
use keylapse::store::audit::Entry;
use keylapse::store::desk::Desk;
use keylapse::store::receiver::NewReceiver;

use crate::fakes;
use crate::stories::discord::town::populate;
use crate::stories::discord::world::{KEYS, text};

/// The Telegram group.
const GROUP: i64 = -500;

/// Both chats.
pub struct Chats {
    telegram: fakes::telegram::Fake,
    discord: Arc<fakes::discord::Fake>,
    /// What posts there.
    pub messengers: BTreeMap<Platform, Arc<dyn Messenger>>,
}

/// From now on the workspace is told there as well.
pub async fn tell(desk: &Desk, address: Address, now: DateTime<Utc>) {
    let name = Clean::new(address.platform.name(), 40);
    let new = NewReceiver { name, address, min_severity: Severity::Notice, mention: None };
    let entry = Entry {
        actor: Clean::new("story", 20),
        place: "story".to_owned(),
        action: "receiver.added",
        target: None,
        before: None,
        after: None,
    };
    assert!(desk.add_receiver(&new, &entry, now).await.unwrap());
}

impl Chats {
    /// Opens both and lets the workspace tell them.
    pub async fn open(desk: &Desk, clock: Arc<dyn Clock>) -> Self {
        let group = fakes::telegram::Fake::start(clock.clone()).await;
        group.room(GROUP, "supergroup", "Desk");
        let server = fakes::discord::Fake::start().await;
        populate(&server);
        let timeouts = Timeouts {
            total: Duration::from_secs(5),
            read: Duration::from_secs(5),
            ..Timeouts::default()
        };
        let (to_group, _) = telegram::connect(telegram::Settings {
            token: Secret::new(fakes::telegram::TOKEN.to_owned()),
            url: group.url().to_owned(),
            proxy: None,
            timeouts,
        })
        .unwrap();
        let settings = discord::Settings {
            token: Secret::new(fakes::discord::TOKEN.to_owned()),
            api_url: Some(server.url()),
            resolve: None,
            ca: None,
        };
        let (to_server, _) = discord::connect(&settings, clock.clone()).unwrap();
        for (platform, chat) in
            [(Platform::Telegram, GROUP.to_string()), (Platform::Discord, KEYS.to_string())]
        {
            tell(desk, Address { platform, chat, topic: None }, clock.now()).await;
        }
        let messengers = BTreeMap::from([
            (Platform::Telegram, Arc::new(to_group) as Arc<dyn Messenger>),
            (Platform::Discord, to_server as Arc<dyn Messenger>),
        ]);
        Self { telegram: group, discord: server, messengers }
    }

    /// The first lines of what was posted to each and, apart, of what became of it.
    fn told(&self) -> [Told; 2] {
        [self.told_on_telegram(), self.told_on_discord()]
    }

    fn told_on_telegram(&self) -> Told {
        let mut told = Told::default();
        for request in self.telegram.requests().iter().filter(|request| request.status == 200) {
            let line = || first_line(&fakes::telegram::reading(&request.body));
            match request.method.as_str() {
                "sendMessage" => told.posts.push(line()),
                "editMessageText" => told.edits.push(line()),
                _ => {}
            }
        }
        told
    }

    fn told_on_discord(&self) -> Told {
        let mut told = Told::default();
        for asked in self.discord.state().asked.iter().filter(|asked| asked.status == 200) {
            let line = || first_line(&text(&asked.body));
            match asked.method.as_str() {
                "POST" => told.posts.push(line()),
                "PATCH" => told.edits.push(line()),
                _ => {}
            }
        }
        told
    }

    /// Both were told the same, and what a terminal printed: each post in its order, each line
    /// as a post or as what one became. And neither platform had anything to complain of.
    pub fn agree_with(&self, printed: &[String]) {
        let [telegram, discord] = self.told();
        assert_eq!(telegram.posts, discord.posts, "Telegram and Discord were told differently");
        let mut rest = printed.iter();
        for post in &telegram.posts {
            assert!(
                rest.any(|line| line.contains(post.as_str())),
                "{post:?} was posted, and not printed in this order:\n{}",
                printed.join("\n")
            );
        }
        for (chat, told) in [("Telegram", telegram), ("Discord", discord)] {
            for line in printed {
                assert!(
                    told.posts.iter().chain(&told.edits).any(|post| line.contains(post.as_str())),
                    "{chat} was never told: {line}\n{told:#?}"
                );
            }
        }
        assert_eq!(self.telegram.offences(), Vec::<String>::new());
        let complaints = &self.discord.state().complaints;
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

/// What was told in a chat, by first lines.
#[derive(Debug, Default)]
struct Told {
    posts: Vec<String>,
    edits: Vec<String>,
}

/// A first line without the signs that only one platform has.
fn first_line(text: &str) -> String {
    words(text.lines().next().unwrap_or_default())
}

/// Words alone: how a line is broken, and which form a shape has, is each chat's own.
pub fn words(text: &str) -> String {
    let text = text.replace('\u{fe0e}', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! A world to tell stories in: the whole bot against the simulator, on a clock that the story
//! moves, with terminals whose every line must be read. A message that a story did not expect
//! fails it. A Telegram group and a Discord channel are told beside the terminals, and must have
//! been told the same when the story ends.

pub mod platforms;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use keylapse::app::App;
use keylapse::chat::Messenger;
use keylapse::chat::console::Console;
use keylapse::chat::console::screen::Screen;
use keylapse::chat::console::talk::Talk;
use keylapse::cli::counter;
use keylapse::cli::demo::stage::{Setting, Stage, Told};
use keylapse::clock::{Clock, Stepped};
use keylapse::commands::{Counter, HostNote};
use keylapse::domain::receiver::Platform;
use keylapse::exchange::simulator::SimKey;
use keylapse::ids::Ids;
use keylapse::store::Store;

use platforms::{Chats, words};

/// A bot, its exchange and its people.
pub struct World {
    pub stage: Stage,
    app: Option<App>,
    talk: Option<Talk>,
    terminals: Vec<Terminal>,
    chats: Option<Chats>,
}

/// A terminal and what was printed on it.
#[derive(Clone)]
pub struct Terminal {
    name: &'static str,
    paper: Arc<Mutex<Paper>>,
}

#[derive(Default)]
struct Paper {
    unread: Vec<Message>,
    /// All that was printed unasked, in words alone.
    printed: Vec<String>,
    answers: Vec<String>,
    broken: bool,
}

/// One printed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub at: DateTime<Utc>,
    pub text: String,
}

/// Lets the time of a story pass until something has ended. Who stops a bot cannot stand still
/// meanwhile: an answer that waits for its slot is still said, and its slot comes with time.
pub async fn passing<T>(clock: &Stepped, ending: impl Future<Output = T>) -> T {
    let mut ending = std::pin::pin!(ending);
    loop {
        let moment = std::time::Duration::from_millis(20);
        if let Ok(ended) = tokio::time::timeout(moment, &mut ending).await {
            return ended;
        }
        clock.advance(TimeDelta::seconds(1)).await;
    }
}

/// Monday morning in a zone without surprises.
pub fn monday() -> DateTime<Utc> {
    "2027-01-04T10:00:00Z".parse().unwrap()
}

impl World {
    /// A bot that checks every five minutes and writes to one terminal, "desk".
    pub async fn new() -> Self {
        Self::with(&["desk"]).await
    }

    /// The same with these terminals.
    pub async fn with(receivers: &[&'static str]) -> Self {
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await.unwrap();
        Self::built(store, ids, receivers, ("every 5 min", true)).await
    }

    /// A bot that writes to one terminal and to nothing else.
    pub async fn on_a_terminal() -> Self {
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await.unwrap();
        Self::built(store, ids, &["desk"], ("every 5 min", false)).await
    }

    /// A bot that checks every hour, for stories of weeks.
    pub async fn slow() -> Self {
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await.unwrap();
        Self::built(store, ids, &["desk"], ("every 1 h", true)).await
    }

    async fn built(
        store: Store,
        ids: Arc<Ids>,
        receivers: &[&'static str],
        (check, has_chats): (&'static str, bool),
    ) -> Self {
        let setting = Setting {
            start: monday(),
            zone: Tz::UTC,
            receivers: receivers.to_vec(),
            check,
            mark: None,
        };
        let stage = Stage::set(setting, store, ids).await.unwrap();
        let terminals =
            receivers.iter().map(|name| Terminal { name, paper: Arc::default() }).collect();
        let chats = if has_chats {
            Some(Chats::open(&stage.desk, Arc::new(stage.clock.clone())).await)
        } else {
            None
        };
        let mut world = Self { stage, app: None, talk: None, terminals, chats };
        world.switch_on();
        world
    }

    /// Starts the bot, and a conversation with it on the first terminal.
    pub fn switch_on(&mut self) {
        let clock = self.stage.clock.clone();
        let screens = self.terminals.iter().map(|terminal| {
            let (clock, paper) = (clock.clone(), terminal.paper.clone());
            let print = Box::new(move |text: &str| paper_print(&paper, clock.now(), text));
            (terminal.name.to_owned(), Arc::new(Screen::new(print)))
        });
        let screens: Vec<_> = screens.collect();
        let console: Arc<dyn Messenger> = Arc::new(Console::new(screens.clone()));
        let mut messengers = BTreeMap::from([(Platform::Console, console)]);
        messengers.extend(self.chats.iter().flat_map(|chats| chats.messengers.clone()));
        let app = self.stage.start_on(messengers);
        let given = counter::Given {
            store: self.stage.store.clone(),
            vault: self.stage.vault.clone(),
            ids: self.stage.ids.clone(),
            policy: self.stage.policy.clone(),
            host: HostNote::default(),
        };
        let counter = Arc::new(Counter::new(counter::tools(&app, given)));
        let (name, screen) = screens[0].clone();
        let at_desk = (counter, self.stage.desk.clone());
        self.talk = Some(Talk::new(screen, at_desk, Arc::new(clock), ("ann", &name)));
        self.app = Some(app);
    }

    /// Stops the bot; time can still pass.
    pub async fn switch_off(&mut self) {
        if let Some(app) = self.app.take() {
            app.stop().await;
        }
    }

    /// Says a line to the bot on the first terminal and reads its answer.
    pub async fn says(&self, line: &str) -> String {
        self.talk.as_ref().expect("a conversation").hear(line).await.unwrap();
        self.stage.clock.settle().await;
        self.terminals[0].answers()
    }

    /// Presses the button with these words that was printed in `text`.
    pub async fn presses(&self, words: &str, text: &str) -> String {
        let (before, _) = text.split_once(&format!("] {words}")).expect("such a button");
        let number = before.rsplit('[').next().expect("its number").to_owned();
        self.says(&number).await
    }

    /// How many messages were posted so far to each; edits do not count.
    pub async fn posted(&self) -> i64 {
        let told =
            self.terminals.len() + self.chats.as_ref().map_or(0, |chats| chats.messengers.len());
        let (all, told) =
            (self.stage.store.count_messages("sent").await.unwrap(), i64::try_from(told).unwrap());
        assert_eq!(all % told, 0, "each is told as often as the others");
        all / told
    }

    /// The running bot.
    pub fn app(&self) -> &App {
        self.app.as_ref().expect("the bot is switched on")
    }

    /// The time of the story.
    pub fn now(&self) -> DateTime<Utc> {
        self.stage.clock.now()
    }

    /// Lets time pass.
    pub async fn pass(&self, time: TimeDelta) {
        self.stage.clock.advance(time).await;
        self.stage.clock.settle().await;
    }

    /// A key at the exchange, trading from one address, watched with its own secrets.
    pub async fn watch(&self, label: &str, shape: impl FnOnce(&mut SimKey)) {
        self.watch_told(label, Told::default(), shape).await;
    }

    /// The same, with what a person said about it.
    pub async fn watch_told(&self, label: &str, told: Told, shape: impl FnOnce(&mut SimKey)) {
        let mut key = SimKey::made_up(label);
        key.permissions = vec!["General".to_owned(), "Spot".to_owned()];
        key.addresses = vec!["203.0.113.7".parse().unwrap()];
        key.sub_name = Some(format!("sub-{label}"));
        shape(&mut key);
        self.stage.simulator.add_key(key.clone());
        self.stage.watch(&key, told).await.unwrap();
        self.app().wake_checks.ring();
        // Adding may owe as well; beside other processes the courier looks by itself.
        self.app().wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// The terminal of this name.
    pub fn terminal(&self, name: &str) -> &Terminal {
        self.terminals.iter().find(|terminal| terminal.name == name).expect("such a terminal")
    }

    /// The next unread message on "desk", which must be there and hold all of `parts`.
    pub fn reads(&self, parts: &[&str]) -> Message {
        self.terminals[0].reads(parts)
    }

    /// Nothing unread is left anywhere.
    pub fn reads_nothing(&self) {
        for terminal in &self.terminals {
            terminal.reads_nothing();
        }
    }

    /// Ends the story: the bot stops and nothing unread may be left.
    pub async fn end(mut self) {
        self.switch_off().await;
        self.reads_nothing();
        if let Some(chats) = &self.chats {
            let printed = self.terminals.iter().map(Terminal::printed);
            chats.agree_with(&printed.max_by_key(Vec::len).expect("a terminal"));
        }
    }
}

impl Terminal {
    pub fn reads(&self, parts: &[&str]) -> Message {
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(
            !paper.unread.is_empty(),
            "{}: nothing to read, but {parts:?} was expected",
            self.name
        );
        let message = paper.unread.remove(0);
        for part in parts {
            assert!(
                message.text.contains(part),
                "{}: {part:?} is not in:\n{}",
                self.name,
                message.text
            );
        }
        message
    }

    /// Everything unread, which is read by this.
    pub fn reads_all(&self) -> Vec<Message> {
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut paper.unread)
    }

    fn printed(&self) -> Vec<String> {
        self.paper.lock().unwrap_or_else(PoisonError::into_inner).printed.clone()
    }

    fn answers(&self) -> String {
        let mut paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut paper.answers).join("\n")
    }

    pub fn reads_nothing(&self) {
        let paper = self.paper.lock().unwrap_or_else(PoisonError::into_inner);
        let unread: Vec<&str> = paper.unread.iter().map(|message| message.text.as_str()).collect();
        assert!(unread.is_empty(), "{}: unread:\n{}", self.name, unread.join("\n"));
    }

    /// From now on nothing can be printed on it, or it can again.
    pub fn breaks(&self, broken: bool) {
        self.paper.lock().unwrap_or_else(PoisonError::into_inner).broken = broken;
    }
}

fn paper_print(paper: &Mutex<Paper>, at: DateTime<Utc>, text: &str) -> io::Result<()> {
    let mut paper = paper.lock().unwrap_or_else(PoisonError::into_inner);
    if paper.broken {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    // The line that begins a day is no part of the message.
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("---"));
    let text = lines.collect::<Vec<_>>().join("\n");
    // Only what nobody asked for is stamped with its time.
    if text.as_bytes().get(2) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_digit()) {
        paper.printed.push(words(&text));
        paper.unread.push(Message { at, text });
    } else {
        paper.answers.push(text);
    }
    Ok(())
}

//! `keylapse key add`: the questions, the look before saving, and the saving. A watch is either that
//! very key, with its secrets, or a reminder of a date, with none.

use clap::Args;

use super::AllowFlag;
use super::intake::{self, Terms};
use crate::cli::actor::{actor, entry};
use crate::cli::ask::Terminal;
use crate::cli::ending::{self, EndFlags, Saying};
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::cli::probe;
use crate::cli::secrets::{self, SecretFlags};
use crate::domain::evidence::Outcome;
use crate::domain::expiry::{Ends, Known};
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::WorkspaceId;
use crate::domain::key::{Accepted, Declared, Key, KeyState, Watch};
use crate::domain::permission::Allow;
use crate::domain::text::{Clean, Label};
use crate::domain::text::{HOLDS_SECRET, holds_secret};
use crate::exchange::Probed;
use crate::secret::{KeySecrets, Secret};
use crate::store::StoreError;
use crate::store::credential::NewCredential;
use crate::store::deed::{NewKey, Now};
use crate::store::desk::Desk;
use crate::vault::hint;

/// The longest note on what uses a key.
const LONGEST_USE: usize = 120;

/// What is asked where a flag does not say it.
#[derive(Args, Clone, Debug, Default)]
pub struct AddArgs {
    /// The workspace; needed only where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// What people call the key, for example mm-bot-1
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// The KuCoin site that issued it
    #[arg(long, value_parser = ["global", "eu", "au", "tr"])]
    site: Option<String>,
    /// Only remind of a date: no secret is asked for or kept
    #[arg(long, conflicts_with_all = ["stdin", "key_file", "allow", "save_anyway"])]
    declared: bool,
    #[command(flatten)]
    end: EndFlags,
    /// What stops when this key stops, for example "grid bot on fra-2"; repeat for more
    #[arg(long, value_name = "TEXT")]
    used_by: Vec<String>,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    allow: AllowFlag,
    #[command(flatten)]
    secrets: SecretFlags,
    /// Save the key even if KuCoin gives no good answer about it
    #[arg(long)]
    save_anyway: bool,
    /// Ask nothing: what no flag says is left out
    #[arg(long, short)]
    yes: bool,
}

impl AddArgs {
    /// Only the workspace is said.
    pub fn of(workspace: Option<String>) -> Self {
        Self { workspace, ..Self::default() }
    }
}

/// Where the bot runs that uses the key.
#[derive(Args, Clone, Debug, Default)]
pub struct PlaceFlags {
    /// The bot that uses the key runs on this machine
    #[arg(long, conflicts_with = "not_co_located")]
    co_located: bool,
    /// The bot that uses the key runs elsewhere
    #[arg(long)]
    not_co_located: bool,
}

impl PlaceFlags {
    /// What was said, if anything was.
    pub fn told(&self) -> Option<bool> {
        (self.co_located || self.not_co_located).then_some(self.co_located)
    }
}

/// What stops with a key, cleaned; a text with a secret in it is refused.
pub fn read_uses(told: &[String]) -> Result<Vec<Clean>, Failure> {
    let mut told: Vec<Clean> = told.iter().map(|text| Clean::new(text, LONGEST_USE)).collect();
    told.retain(|text| !text.is_empty());
    if told.iter().any(|text| holds_secret(text.as_str())) {
        return refused(HOLDS_SECRET);
    }
    Ok(told)
}

/// Runs the subcommand.
pub async fn run(args: AddArgs, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    let desk = shop.desk(args.workspace.as_deref()).await?;
    let adding = Adding { asks: terminal.asks() && !args.yes, args, shop, desk, by: actor() };
    adding.run(terminal).await
}

struct Adding<'a> {
    args: AddArgs,
    shop: &'a Workshop,
    desk: Desk,
    by: Clean,
    asks: bool,
}

impl Adding<'_> {
    async fn run(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        self.args.end.check(&self.saying())?;
        let watch = self.watch(terminal)?;
        let label = self.label(terminal).await?;
        let mut key = Key {
            id: self.shop.ids.next(self.shop.clock.now()),
            workspace: self.desk.workspace().id.clone(),
            label,
            exchange: Exchange::Kucoin,
            site: self.site(),
            watch,
            co_located: false,
            allow: self.args.allow.read(),
            declared: None,
            baseline: None,
            accepted: Accepted::default(),
            used_by: self.used_by(terminal)?,
            added_at: self.shop.clock.now(),
            leaked: None,
            state: KeyState::Active,
            rev: 0,
        };
        if key.watch == Watch::Declared {
            key.declared = Some(self.date(terminal)?);
            self.save(NewKey { key, credential: None, seen: None }, terminal).await
        } else {
            self.add_own(key, terminal).await
        }
    }

    async fn add_own(&self, mut key: Key, terminal: &mut Terminal) -> Result<(), Failure> {
        let mut secrets = self.args.secrets.read(terminal, &self.shop.config.vault.trust)?;
        secrets::refuse_shown(&secrets, shown(&key)).map_err(Failure::Refused)?;
        refuse_twin(self.shop, &self.desk, (&key.label, &secrets.key)).await?;
        key.co_located = self.co_located(terminal)?;
        let client = probe::client(self.shop, key.site, terminal)?;
        let terms = Terms {
            site: key.site,
            allow: key.allow,
            save_anyway: self.args.save_anyway,
            asks: self.asks,
        };
        let zone = self.desk.workspace().zone;
        let probed =
            intake::examine(self.shop, &client, &mut secrets, terms, zone, terminal).await?;
        // They may have been typed anew.
        secrets::refuse_shown(&secrets, shown(&key)).map_err(Failure::Refused)?;
        let is_good = matches!(probed.outcome, Outcome::Good(_));
        key.state = if is_good { KeyState::Active } else { KeyState::Unverified };
        key.declared = term(&self.args.end, self.asks, &self.saying(), &probed, terminal)?;
        let credential = seal(self.shop, &key, 1, &secrets)?;
        let seen = probe::seen(self.shop, &key, &credential.id, &probed)?;
        self.save(NewKey { key, credential: Some(credential), seen: Some(seen) }, terminal).await
    }

    async fn save(&self, new: NewKey, terminal: &mut Terminal) -> Result<(), Failure> {
        let label = new.key.label.clone();
        let now = Now { at: self.shop.clock.now(), policy: &self.shop.policy };
        let deed = entry("key.add", label.as_str());
        match self.desk.add_key(&new, &deed, now).await {
            Err(StoreError::LabelTaken) => return refused(taken(&label)),
            done => done?,
        }
        intake::say_saved(self.shop, &self.desk, label.as_str(), terminal).await
    }

    fn saying(&self) -> Saying<'_> {
        let zone = self.desk.workspace().zone;
        Saying { by: &self.by, zone, now: self.shop.clock.now() }
    }

    fn watch(&self, terminal: &mut Terminal) -> Result<Watch, Failure> {
        if self.args.declared {
            return Ok(Watch::Declared);
        }
        if !self.asks || !self.args.secrets.is_empty() {
            return Ok(Watch::Own);
        }
        terminal.say("A separate read-only key says nothing about your bot's key.")?;
        let choices = ["Watch that very key", "Remind me of a date"];
        let chosen = terminal.choose("Which key does your bot use?", &choices)?;
        Ok(if chosen == 0 { Watch::Own } else { Watch::Declared })
    }

    async fn label(&self, terminal: &mut Terminal) -> Result<Label, Failure> {
        if let Some(text) = &self.args.label {
            let label = Label::parse(text).map_err(|e| Failure::Refused(e.to_string()))?;
            return if self.is_free(&label).await? { Ok(label) } else { refused(taken(&label)) };
        }
        if !self.asks {
            return refused("The key needs a label: add --label NAME, for example mm-bot-1.");
        }
        loop {
            let text = terminal.line("What do you call it (for example mm-bot-1)?")?;
            match Label::parse(&text) {
                Ok(label) if self.is_free(&label).await? => return Ok(label),
                Ok(label) => terminal.say(taken(&label))?,
                Err(error) => terminal.say(error)?,
            }
        }
    }

    async fn is_free(&self, label: &Label) -> Result<bool, Failure> {
        Ok(self.desk.key_by_label(label.as_str()).await?.is_none())
    }

    fn site(&self) -> Site {
        let told = self.args.site.as_deref().and_then(Site::parse);
        told.unwrap_or(self.shop.config.kucoin.site)
    }

    fn used_by(&self, terminal: &mut Terminal) -> Result<Vec<Clean>, Failure> {
        if self.args.used_by.is_empty() && self.asks {
            let question = "What stops when this key stops (for example grid bot on fra-2; Enter for nothing)?";
            return read_uses(&[terminal.line(question)?]);
        }
        read_uses(&self.args.used_by)
    }

    fn co_located(&self, terminal: &mut Terminal) -> Result<bool, Failure> {
        let told = &self.args.place;
        if !self.asks || told.co_located || told.not_co_located {
            return Ok(told.co_located);
        }
        Ok(terminal.choose("Does your bot run on this machine?", &["Yes", "No"])? == 0)
    }

    fn date(&self, terminal: &mut Terminal) -> Result<Declared, Failure> {
        match self.args.end.read(&self.saying(), None)? {
            Some(Declared { end: None, .. }) => {
                refused("A reminder needs a date: write the day of the end after --expires.")
            }
            Some(declared) => Ok(declared),
            None if self.asks => ending::ask_date(terminal, &self.saying()),
            None => refused(
                "A reminder needs a date: add --expires DATE, or --term DAYS with --created DATE.",
            ),
        }
    }
}

/// What is shown in chat of a key.
pub fn shown(key: &Key) -> impl Iterator<Item = &str> {
    std::iter::once(key.label.as_str()).chain(key.used_by.iter().map(Clean::as_str))
}

fn taken(label: &Label) -> String {
    format!("That label is taken ({label}). Choose another.")
}

/// The end that a person tells: by flags, or asked for where the exchange reports none.
pub fn term(
    flags: &EndFlags,
    asks: bool,
    saying: &Saying<'_>,
    probed: &Probed,
    terminal: &mut Terminal,
) -> Result<Option<Declared>, Failure> {
    let facts = match &probed.outcome {
        Outcome::Good(facts) => Some(facts),
        Outcome::Bad { .. } => None,
    };
    let told = flags.read(saying, facts.and_then(|facts| facts.created_at))?;
    let reported = Ends::weigh(facts, None, saying.zone).best != Known::Unknown;
    if told.is_some() || reported || !asks {
        return Ok(told);
    }
    ending::ask_term(terminal, saying, facts)
}

/// Under what equal keys of a workspace are found.
pub fn key_hash(shop: &Workshop, desk: &WorkspaceId, key: &Secret) -> String {
    // The exchange reads hex digits in either case: so does the search for the same key.
    shop.vault.fingerprint(desk, &key.expose().to_ascii_lowercase().into())
}

/// Refuses a key that this workspace watches under another label, before anybody is asked.
pub async fn refuse_twin(
    shop: &Workshop,
    desk: &Desk,
    (own, key): (&Label, &Secret),
) -> Result<(), Failure> {
    let hash = key_hash(shop, &desk.workspace().id, key);
    match desk.watched_as(&hash).await? {
        Some(label) if label != *own => refused(format!(
            "That key is watched already, as {label}. Nothing was changed; keylapse key show {label} says what is known of it."
        )),
        Some(_) | None => Ok(()),
    }
}

/// A credential of this generation, sealed for its place.
pub fn seal(
    shop: &Workshop,
    key: &Key,
    generation: i64,
    secrets: &KeySecrets,
) -> Result<NewCredential, Failure> {
    Ok(NewCredential {
        id: shop.ids.next(shop.clock.now()),
        generation,
        key_hash: key_hash(shop, &key.workspace, &secrets.key),
        hint: hint(&secrets.key),
        sealed: shop.vault.seal_credential(key, generation, secrets)?,
    })
}

impl AllowFlag {
    /// The words as switches.
    pub fn read(&self) -> Allow {
        let mut allow = Allow::default();
        for word in &self.allow {
            // The parser lets the known words through only.
            allow.set(word);
        }
        allow
    }
}

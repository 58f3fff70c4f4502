//! `keylapse key replace LABEL`: a new credential under the same key. The new one is looked at
//! before anything changes, the old one once more; then it is wiped, or watched until refused.

use chrono::TimeDelta;
use clap::Args;

use super::accept::say_closed;
use super::add::{key_hash, refuse_twin, seal, shown, term};
use super::intake::{self, Terms};
use super::{AllowFlag, Named};
use crate::cli::actor::{actor, entry};
use crate::cli::ask::Terminal;
use crate::cli::ending::{EndFlags, Saying, ask_date};
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::cli::secrets::{self, SecretFlags};
use crate::cli::{probe, words};
use crate::domain::evidence::{About, Outcome};
use crate::domain::key::{Declared, Key, Watch};
use crate::domain::permission::Allow;
use crate::exchange::Client;
use crate::secret::{KeySecrets, Secret};
use crate::store::deed::Now;
use crate::store::desk::Desk;
use crate::store::rotate::Rotation;

/// How long a replaced credential is watched at most.
const WATCH_OLD: TimeDelta = TimeDelta::days(7);

/// Which key, and by what.
#[derive(Args, Clone, Debug)]
pub struct ReplaceArgs {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    end: EndFlags,
    #[command(flatten)]
    allow: AllowFlag,
    #[command(flatten)]
    secrets: SecretFlags,
    /// Watch the old key until KuCoin refuses it, at most 7 days
    #[arg(long)]
    watch_old: bool,
    /// Save the new key even if KuCoin gives no good answer about it
    #[arg(long)]
    save_anyway: bool,
    /// Ask nothing: what no flag says is left out
    #[arg(long, short)]
    yes: bool,
}

/// Runs the subcommand.
pub async fn run(
    args: ReplaceArgs,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let (desk, view) = args.named.find(shop).await?;
    let by = actor();
    let saying = Saying { by: &by, zone: desk.workspace().zone, now: shop.clock.now() };
    args.end.check(&saying)?;
    let asks = terminal.asks() && !args.yes;
    let replacing = Replacing { args, shop, desk, key: view.key, asks };
    match replacing.key.watch {
        Watch::Declared => replacing.date(&saying, terminal).await,
        Watch::Own | Watch::Guardian { .. } => replacing.secrets(&saying, terminal).await,
    }
}

struct Replacing<'a> {
    args: ReplaceArgs,
    shop: &'a Workshop,
    desk: Desk,
    key: Key,
    asks: bool,
}

impl Replacing<'_> {
    /// A reminder gets another date.
    async fn date(&self, saying: &Saying<'_>, terminal: &mut Terminal) -> Result<(), Failure> {
        if !self.args.secrets.is_empty() {
            return refused(format!(
                "{0} is a reminder of a date: give the new key's date, or keylapse key remove {0} and add the key with its secrets.",
                self.key.label
            ));
        }
        let declared = match self.args.end.read(saying, None)? {
            Some(declared) => declared,
            None if self.asks => ask_date(terminal, saying)?,
            None => {
                return refused(
                    "A reminder needs a date: add --expires DATE, or --term DAYS with --created DATE.",
                );
            }
        };
        let now = Now { at: saying.now, policy: &self.shop.policy };
        let deed = entry("key.replace", self.key.label.as_str());
        let closed = self.desk.declare(&self.key.id, Some(&declared), &deed, now).await?;
        say_closed(&closed, terminal)?;
        intake::say_saved(self.shop, &self.desk, self.key.label.as_str(), terminal).await
    }

    async fn secrets(&self, saying: &Saying<'_>, terminal: &mut Terminal) -> Result<(), Failure> {
        let key = &self.key;
        let mut secrets = self.args.secrets.read(terminal, &self.shop.config.vault.trust)?;
        secrets::refuse_shown(&secrets, shown(key)).map_err(Failure::Refused)?;
        let old = self.old(&secrets, terminal).await?;
        self.refuse_known(old.as_ref(), &secrets).await?;
        let client = probe::client(self.shop, key.site, terminal)?;
        let terms = Terms {
            site: key.site,
            allow: both(key.allow, self.args.allow.read()),
            save_anyway: self.args.save_anyway,
            asks: self.asks,
        };
        let probed =
            intake::examine(self.shop, &client, &mut secrets, terms, saying.zone, terminal).await?;
        // They may have been typed anew.
        secrets::refuse_shown(&secrets, shown(key)).map_err(Failure::Refused)?;
        self.accept_difference(&probed.outcome, terminal)?;
        let declared = term(&self.args.end, self.asks, saying, &probed, terminal)?;
        let generation = self.desk.next_generation(&key.id).await?;
        let credential = seal(self.shop, key, generation, &secrets)?;
        let lives = self.look_at_old(&client, old.as_ref(), terminal).await?;
        // A corrected secret of the same key leaves no old key to watch.
        let is_other = old.is_some_and(|old| !same_text(&old.key, &secrets.key));
        let watch_old = self.args.watch_old && lives && is_other;
        let seen = probe::seen(self.shop, key, &credential.id, &probed)?;
        let rotation = Rotation {
            credential,
            seen: Some(seen),
            declared,
            allow: terms.allow,
            watch_old_until: watch_old.then_some(saying.now + WATCH_OLD),
        };
        self.save(&rotation, terminal).await
    }

    /// Another account or fewer rights are easily a slip: said, and asked about.
    fn accept_difference(&self, found: &Outcome, terminal: &mut Terminal) -> Result<(), Failure> {
        let (Outcome::Good(new), Some(before)) = (found, &self.key.baseline) else { return Ok(()) };
        let mut differences = Vec::new();
        if let (Some(old), Some(new)) = (&before.facts.account, &new.account)
            && old != new
        {
            differences
                .push(format!("It belongs to another account ({new}) than the old key ({old})."));
        }
        let lost: Vec<&str> = before
            .facts
            .permissions
            .beyond(&new.permissions)
            .into_iter()
            .map(|right| right.name.as_str())
            .collect();
        if !lost.is_empty() {
            differences.push(format!("It may not do what the old key may: {}.", lost.join(", ")));
        }
        if differences.is_empty() || self.args.yes {
            return Ok(());
        }
        let said = differences.join(" ");
        if !self.asks {
            return refused(format!(
                "{said} Add --yes to replace {} all the same. Nothing was changed.",
                self.key.label
            ));
        }
        match terminal.choose(&said, &["Replace all the same", "Stop"])? {
            0 => Ok(()),
            _ => refused("Nothing was changed."),
        }
    }

    async fn save(&self, rotation: &Rotation, terminal: &mut Terminal) -> Result<(), Failure> {
        let label = self.key.label.as_str();
        self.say_forgotten_date(rotation.declared.as_ref(), terminal)?;
        let now = Now { at: self.shop.clock.now(), policy: &self.shop.policy };
        let deed = entry("key.replace", label);
        let closed = self.desk.rotate(&self.key.id, rotation, &deed, now).await?;
        terminal.say(if rotation.watch_old_until.is_some() {
            format!("{label} is replaced. The old key is watched until KuCoin refuses it, at most 7 days; then it is wiped here.")
        } else {
            format!("{label} is replaced, and the old key's secrets are wiped here.")
        })?;
        say_closed(&closed, terminal)?;
        intake::say_saved(self.shop, &self.desk, label, terminal).await
    }

    /// The credential in use. The same key again would replace nothing.
    /// One whose secrets do not open is replaced like any other: that is how it is mended.
    async fn old(
        &self,
        new: &KeySecrets,
        terminal: &mut Terminal,
    ) -> Result<Option<KeySecrets>, Failure> {
        let Some(credential) = self.desk.credential(&self.key.id).await? else { return Ok(None) };
        let (generation, sealed) = (credential.generation, &credential.sealed);
        let Ok(secrets) = self.shop.vault.open_credential(&self.key, generation, sealed) else {
            terminal.say("What is stored of the old secrets does not open, so the old key is not asked again.")?;
            return Ok(None);
        };
        let same = same_text(&secrets.key, &new.key)
            && secrets.secret.expose() == new.secret.expose()
            && secrets.passphrase.expose() == new.passphrase.expose();
        if same {
            return refused(format!(
                "This is the key that {} watches already. Nothing was changed.",
                self.key.label
            ));
        }
        Ok(Some(secrets))
    }

    /// Refuses a key that is watched already, here or under another label, before the old key is
    /// spoken of.
    async fn refuse_known(
        &self,
        old: Option<&KeySecrets>,
        new: &KeySecrets,
    ) -> Result<(), Failure> {
        let label = &self.key.label;
        refuse_twin(self.shop, &self.desk, (label, &new.key)).await?;
        let hash = key_hash(self.shop, &self.key.workspace, &new.key);
        let is_other = old.is_none_or(|old| !same_text(&old.key, &new.key));
        if is_other && self.desk.watched_as(&hash).await?.is_some() {
            return refused(format!(
                "That is an old key of {label}, which is watched until KuCoin refuses it: make a new key instead. Nothing was changed."
            ));
        }
        Ok(())
    }

    /// Asks the old key once more and says the result. Whether it may still work.
    async fn look_at_old(
        &self,
        client: &Client,
        old: Option<&KeySecrets>,
        terminal: &mut Terminal,
    ) -> Result<bool, Failure> {
        let Some(secrets) = old else { return Ok(false) };
        let probed = client.probe(secrets, None).await;
        let (text, lives) = match &probed.outcome {
            Outcome::Good(_) => {
                let text = "The old key is still accepted: switch everything to the new one, then delete the old one at KuCoin.";
                (text.to_owned(), true)
            }
            Outcome::Bad { fault, code } => {
                let why = words::fault(*fault, code.as_deref(), self.key.site, None);
                (format!("The old key: {why}"), fault.about() != About::Key)
            }
        };
        terminal.say(text)?;
        Ok(lives)
    }

    /// A date that was told for the old key does not hold for the new one.
    fn say_forgotten_date(
        &self,
        declared: Option<&Declared>,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        match (&self.key.declared, declared) {
            (Some(_), None) => terminal.say(
                "The date that you told for the old key is dropped; --expires tells one for the new key.",
            ),
            _ => Ok(()),
        }
    }
}

fn same_text(one: &Secret, other: &Secret) -> bool {
    one.expose().eq_ignore_ascii_case(other.expose())
}

fn both(one: Allow, other: Allow) -> Allow {
    Allow {
        withdraw: one.withdraw || other.withdraw,
        transfer: one.transfer || other.transfer,
        unknown: one.unknown || other.unknown,
        no_ip: one.no_ip || other.no_ip,
    }
}

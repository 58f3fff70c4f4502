//! The way in of a key with secrets: it is asked about itself, what was found is said, and what can
//! cost money is refused unless allowed (SECURITY S7). The same for a new key and a replacement.

use crate::cli::ask::Terminal;
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::cli::{probe, secrets, words};
use crate::domain::evidence::Outcome;
use crate::domain::expiry::{Ends, stage};
use crate::domain::facts::{Facts, Site};
use crate::domain::intake::refusals;
use crate::domain::permission::Allow;
use crate::domain::route::{said_at, warning_at};
use crate::exchange::{Client, Probed};
use crate::secret::KeySecrets;
use crate::store::desk::Desk;
use chrono_tz::Tz;

/// Under which terms a key comes in.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The site that issued it.
    pub site: Site,
    /// What is allowed for it.
    pub allow: Allow,
    /// Whether it is saved when the exchange gives no good answer.
    pub save_anyway: bool,
    /// Whether a person is asked what to do.
    pub asks: bool,
}

/// Asks the key about itself until it may be saved. A key without a good answer comes back only
/// where somebody wants it saved anyway; the first good answer judges it then.
pub async fn examine(
    shop: &Workshop,
    client: &Client,
    secrets: &mut KeySecrets,
    terms: Terms,
    zone: Tz,
    terminal: &mut Terminal,
) -> Result<Probed, Failure> {
    loop {
        let probed = probe::probe(client, secrets, terminal).await?;
        let (fault, code) = match &probed.outcome {
            Outcome::Good(facts) => {
                say_found(facts, terms, zone, shop, terminal)?;
                return Ok(probed);
            }
            Outcome::Bad { fault, code } => (*fault, code.as_deref()),
        };
        let sentence = words::fault(fault, code, terms.site, probed.caller_address);
        if terms.save_anyway {
            terminal.say(sentence)?;
            return Ok(probed);
        }
        if !terms.asks {
            return Err(Failure::Failed(format!(
                "{sentence} Nothing was saved; --save-anyway saves it as it is."
            )));
        }
        terminal.say(sentence)?;
        let choices = ["Check again", "Type secret and passphrase again", "Save anyway", "Stop"];
        match terminal.choose("Nothing is saved yet.", &choices)? {
            0 => {}
            1 => secrets::ask_again(secrets, terminal)?,
            2 => return Ok(probed),
            _ => return refused("Stopped. Nothing was saved."),
        }
    }
}

fn say_found(
    facts: &Facts,
    terms: Terms,
    zone: Tz,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    terminal.say("KuCoin accepts this key.")?;
    for line in words::findings(facts, zone, shop.clock.now()) {
        terminal.say(format!("  {line}"))?;
    }
    let refused_for = refusals(facts, terms.allow);
    if !refused_for.is_empty() {
        let why: Vec<&str> = refused_for.iter().map(|one| one.why.as_str()).collect();
        let mut allow: Vec<&str> = refused_for.iter().map(|one| one.word).collect();
        allow.dedup();
        return refused(format!(
            "Not saved: {}. Change that at KuCoin, or, if it is on purpose, add --allow {}.",
            why.join("; "),
            allow.join(",")
        ));
    }
    for remark in words::remarks(facts, terms.site) {
        terminal.say(remark)?;
    }
    Ok(())
}

/// What is said after a key was saved: when it is looked at and when the first warning comes.
pub async fn say_saved(
    shop: &Workshop,
    desk: &Desk,
    label: &str,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let Some(view) = desk.key_by_label(label).await? else { return Ok(()) };
    let (now, zone) = (shop.clock.now(), desk.workspace().zone);
    let beats = shop.store.heartbeat().await?;
    let runs = beats.is_some_and(|beat| now - beat.at < crate::store::install::Heartbeat::STOPPED);
    let checked = view.next_probe.is_some();
    let start = crate::cli::platforms::start_command(&shop.config);
    terminal.say(match (checked, runs) {
        (true, true) => format!(
            "Saved. The running keylapse checks it within moments, then {}; /keystatus shows it.",
            shop.config.check
        ),
        (true, false) => format!(
            "Saved. Start {start}: it checks it at once, then {}; /keystatus shows it.",
            shop.config.check
        ),
        (false, true) => "Saved; /keystatus shows it.".to_owned(),
        (false, false) => format!("Saved. Start {start} to be warned; /keystatus shows it."),
    })?;
    let facts = view.standing.last_good.as_ref().map(|good| &good.facts);
    let ends = Ends::weigh(facts, view.key.declared.as_ref(), zone);
    let Some(end) = ends.end() else { return Ok(()) };
    let known = words::ends(&ends, zone, now);
    if stage(&end, &shop.policy.ladder_days, zone, now).is_some() {
        let when = match (said_at(&end, &shop.policy, zone, now), runs) {
            (at, _) if at > now => words::moment(at, zone),
            (_, true) => "within moments".to_owned(),
            (_, false) => "as soon as keylapse runs".to_owned(),
        };
        return terminal.say(format!("It {known}: the first warning is due and comes {when}."));
    }
    match warning_at(&end, &shop.policy, zone, now) {
        Some(at) => terminal.say(format!("It {known}. First warning {}.", words::moment(at, zone))),
        None => Ok(()),
    }
}

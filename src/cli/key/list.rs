//! `keylapse key list`: one line a key, worst first; `--json` for programs. No columns made of
//! spaces, no secret, no address.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::ask::Terminal;
use crate::cli::failure::Failure;
use crate::cli::open::Workshop;
use crate::cli::words;
use crate::domain::evidence::{About, Evidence};
use crate::domain::expiry::{Ends, Source};
use crate::domain::key::{KeyState, Watch};
use crate::domain::verdict::{Verdict, verdict};
use crate::store::desk::{Desk, KeyView};

/// What to list.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// The workspace; needed only where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

/// Runs the subcommand.
pub async fn run(args: &ListArgs, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    let desk = shop.desk(args.workspace.as_deref()).await?;
    let look = Look::new(shop, &desk);
    let mut lines: Vec<Line> = desk.keys().await?.iter().map(|view| look.line(view)).collect();
    lines.sort_by_key(|line| line.verdict);
    if args.json {
        let rows: Vec<Value> = lines.into_iter().map(|line| line.json).collect();
        return terminal.say_json(&Value::Array(rows));
    }
    if lines.is_empty() {
        let name = &desk.workspace().name;
        return terminal.say(format!("No keys in {name} yet: keylapse key add begins."));
    }
    for line in lines {
        terminal.say(line.text)?;
    }
    Ok(())
}

/// What a key's line is made with.
pub struct Look<'a> {
    shop: &'a Workshop,
    /// The workspace's zone.
    pub zone: Tz,
    /// Now.
    pub now: DateTime<Utc>,
}

struct Line {
    verdict: Verdict,
    text: String,
    json: Value,
}

impl<'a> Look<'a> {
    /// A look from this desk, now.
    pub fn new(shop: &'a Workshop, desk: &Desk) -> Self {
        Self { shop, zone: desk.workspace().zone, now: shop.clock.now() }
    }

    /// The worst of a key.
    pub fn verdict(&self, view: &KeyView) -> Verdict {
        let evidence = Evidence {
            key: &view.key,
            zone: self.zone,
            last_good: view.standing.last_good.as_ref(),
            latest: view.standing.latest.as_ref(),
            streak: view.standing.streak.as_ref(),
            clock_in_doubt: false,
        };
        verdict(&evidence, &view.alerts, self.shop.config.check.shortest_gap(), self.now)
    }

    /// What is known of its end.
    pub fn ends(&self, view: &KeyView) -> Ends {
        let facts = view.standing.last_good.as_ref().map(|good| &good.facts);
        Ends::weigh(facts, view.key.declared.as_ref(), self.zone)
    }

    /// "● mm-bot-1: fine, ends …; checked 4 min ago".
    pub fn text(&self, view: &KeyView) -> String {
        let (shape, word) = shape(self.verdict(view));
        let ends = words::ends(&self.ends(view), self.zone, self.now);
        let state = match view.key.state {
            KeyState::Active => "",
            KeyState::Unverified => "; not verified yet",
            KeyState::Refused => "; secret dropped because of a right that nobody allowed",
            KeyState::Removed => "; removed",
        };
        let checked = match (&view.key.watch, &view.standing.latest) {
            (Watch::Declared, _) => "not checked, only a date".to_owned(),
            (_, None) => "not checked yet".to_owned(),
            (_, Some(look)) => {
                let is_blind =
                    look.outcome.fault().is_some_and(|fault| fault.about() == About::Probe);
                let tried = if is_blind { "tried in vain" } else { "checked" };
                format!("{tried} {}", words::distance(look.at, self.now))
            }
        };
        format!("{shape} {}: {word}, {ends}; {checked}{state}", view.key.label)
    }

    fn line(&self, view: &KeyView) -> Line {
        let verdict = self.verdict(view);
        let ends = self.ends(view);
        let source = ends.end().map(|end| match end.source {
            Source::Reported => "reported",
            Source::Declared => "declared",
        });
        let json = json!({
            "label": view.key.label.as_str(),
            "verdict": word_of(verdict),
            "site": view.key.site.id(),
            "watch": view.key.watch.id(),
            "state": view.key.state.id(),
            "key": view.hint,
            "ends_at": ends.end().map(|end| end.at),
            "ends_source": source,
            "checked_at": view.standing.latest.as_ref().map(|look| look.at),
            "accepted_at": view.standing.last_good.as_ref().map(|good| good.at),
            "used_by": view.key.used_by,
            "alerts": view.alerts.iter().map(|alert| alert.rule.id()).collect::<Vec<_>>(),
        });
        Line { verdict, text: self.text(view), json }
    }
}

/// The shape and word of a verdict; the shapes are text, never emoji.
fn shape(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Broken => ("✖\u{fe0e}", "broken"),
        Verdict::Attention => ("▲", "needs you"),
        Verdict::Unknown => ("?", "unknown"),
        Verdict::Healthy => ("●", "fine"),
    }
}

fn word_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Broken => "broken",
        Verdict::Attention => "attention",
        Verdict::Unknown => "unknown",
        Verdict::Healthy => "healthy",
    }
}

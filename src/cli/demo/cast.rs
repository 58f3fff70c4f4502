//! Who plays in the demo: made-up keys, what is told about them, and what will happen to them.

use chrono::TimeDelta;

use super::stage::{Stage, Told};
use crate::clock::Clock;
use crate::domain::key::{Declared, DeclaredEnd};
use crate::domain::text::Clean;
use crate::domain::wall;
use crate::exchange::simulator::script::Script;

/// The pretended exchange: its keys, and what happens to them, counted from the start.
const KEYS: &str = "\
key arb-2 permissions=General,Spot ip=203.0.113.7 expires=never created=-40d sub=arb
key grid-eu permissions=General,Spot ip=203.0.113.7 expires=+10d4h created=-80d sub=grid
key hedge permissions=General,Futures ip=203.0.113.7 expires=+170d created=-10d sub=hedge
key mm-bot-1 permissions=General,Spot,Margin ip=203.0.113.7 expires=+200d created=-30d sub=mm
key tracker permissions=General ip=203.0.113.7 expires=never created=-120d sub=view
at +1d3h ip hedge 203.0.113.7,198.51.100.4
at +2d5h gain tracker Withdrawal
at +2d7h lose tracker Withdrawal
at +3d2h outage 90m
at +4d4h revoke mm-bot-1
at +8d6h ip hedge 198.51.100.4
at +9d5h renew grid-eu 90d
";

/// What stops with each key, in its owner's words.
const USED_BY: [(&str, &[&str]); 5] = [
    ("arb-2", &["arbitrage on ams-1"]),
    ("grid-eu", &["grid bot on fra-2"]),
    ("hedge", &["futures hedge on fra-2"]),
    ("mm-bot-1", &["market maker on fra-1"]),
    ("tracker", &["the portfolio tracker"]),
];

/// Makes the keys at the exchange and adds each as `keylapse key add` would.
pub async fn enter(stage: &Stage) -> anyhow::Result<()> {
    let start = stage.clock.now();
    stage.simulator.play(Script::parse(KEYS, start)?);
    for (label, used_by) in USED_BY {
        let sim = stage.simulator.key(label).ok_or_else(|| anyhow::anyhow!("no key {label}"))?;
        stage.watch(&sim, Told { used_by: used_by.to_vec(), ..Told::default() }).await?;
    }
    let day = wall::local_date(start + TimeDelta::days(12), stage.desk.workspace().zone);
    let declared =
        Declared { end: Some(DeclaredEnd::Day(day)), by: Clean::new("you", 64), at: start };
    let told =
        Told { declared: Some(declared), used_by: vec!["an old tax tool"], ..Told::default() };
    stage.declare("old-sub", told).await
}

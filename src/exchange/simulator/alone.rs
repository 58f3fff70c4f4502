//! `keylapse simulate`: the simulator by itself, for trying keylapse without an account. Says
//! first that nothing is real, then what to write where. It prints the parts of its keys, which
//! it may, because they are made up.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use super::Simulator;
use super::key::{SimEnd, SimKey};
use super::script::{Script, ScriptError};
use crate::clock::Clock;

/// The keys of a simulator that was given no script.
const DEFAULT: &str = "\
key steady permissions=General ip=203.0.113.7 created=-50d expires=never
key soon permissions=General,Spot ip=203.0.113.7 created=-60d expires=+2d12h
key open permissions=General,Futures created=-5d expires=+85d
";

/// Why it did not serve.
#[derive(Debug, thiserror::Error)]
pub enum AloneError {
    /// The script cannot be read.
    #[error("The script cannot be played: {0}.")]
    Script(#[from] ScriptError),
    /// The address cannot be used, or the terminal is gone.
    #[error("The simulator cannot start: {0}.")]
    Io(#[from] io::Error),
}

/// Serves `script` (or three example keys) on `listen` until `stop` is done.
pub async fn serve_alone(
    listen: SocketAddr,
    script: Option<String>,
    clock: Arc<dyn Clock>,
    out: impl Write,
    stop: impl Future<Output = ()>,
) -> Result<(), AloneError> {
    let script = Script::parse(script.as_deref().unwrap_or(DEFAULT), clock.now())?;
    let simulator = Simulator::start(clock, listen).await?;
    introduce(out, &simulator.base_url(), &script)?;
    simulator.play(script);
    stop.await;
    simulator.shutdown().await;
    Ok(())
}

fn introduce(mut out: impl Write, base: &str, script: &Script) -> io::Result<()> {
    writeln!(out, "Nothing here is real: a pretended KuCoin on this machine, with made-up keys.")?;
    writeln!(out, "{base}\n")?;
    for key in &script.keys {
        writeln!(out, "{} ({})", key.label, describe(key))?;
        writeln!(out, "  key         {}", key.key)?;
        writeln!(out, "  secret      {}", key.secret)?;
        writeln!(out, "  passphrase  {}\n", key.passphrase)?;
    }
    if !script.events.is_empty() {
        writeln!(out, "Events to come: {}.\n", script.events.len())?;
    }
    writeln!(out, "To point keylapse at it, write in keylapse.toml:\n")?;
    writeln!(out, "[kucoin]\nbase_url = \"{base}\"\n")?;
    writeln!(out, "Stop it with Ctrl-C.")?;
    out.flush()
}

fn describe(key: &SimKey) -> String {
    let list: Vec<String> = key.addresses.iter().map(ToString::to_string).collect();
    let bound = if list.is_empty() {
        "no address bound".to_owned()
    } else {
        format!("bound to {}", list.join(", "))
    };
    let end = match key.end {
        SimEnd::Absent => "says nothing of an end".to_owned(),
        SimEnd::Never => "no end".to_owned(),
        SimEnd::At(end) => format!("ends {} UTC", end.format("%Y-%m-%d %H:%M")),
    };
    format!("site {}; {}; {bound}; {end}", key.site.id(), key.permissions.join(", "))
}

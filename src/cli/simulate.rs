//! `keylapse simulate`: the pretended KuCoin by itself, for trying keylapse without an account. It
//! reads no settings and touches no data.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::failure::{Failure, refused};
use crate::clock::System;
use crate::exchange::simulator::script::HELP;
use crate::exchange::simulator::serve_alone;
use crate::private_file;

/// The largest script.
const CAP: u64 = 1024 * 1024;

/// Where, and what happens there.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = format!("The lines of a script:\n\n{HELP}"))]
pub struct SimulateArgs {
    /// An address of this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The keys and what happens to them, one line each (--help lists them); three examples unless
    /// named
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

/// Runs the subcommand until Ctrl-C or a TERM signal.
pub async fn run(args: &SimulateArgs) -> Result<(), Failure> {
    let script = args.script.as_ref().map(|path| private_file::read(path, CAP)).transpose()?;
    let text = script.map(|file| String::from_utf8(file.bytes.to_vec())).transpose();
    let Ok(text) = text else { return refused("The script is not UTF-8 text: save it as UTF-8.") };
    let clock = Arc::new(System::new());
    serve_alone(args.listen, text, clock, io::stdout(), stopped())
        .await
        .map_err(|error| Failure::Refused(error.to_string()))
}

/// Ends when somebody asks the process to.
pub async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        // Without handlers the system stops us as it always does.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

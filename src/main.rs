//! The `keylapse` program: nothing but a door to the library.

use std::process::ExitCode;

use keylapse::cli::{arguments, failure::Failure, log, run};
use keylapse::hardening::harden_process;
use tracing::level_filters::LevelFilter;

fn main() -> ExitCode {
    // While there is one thread, and before anything secret is read.
    let hardened = harden_process();
    log::hush_panics();
    let cli = match arguments::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code.into(),
    };
    log::start(LevelFilter::WARN);
    if let Err(warning) = hardened {
        tracing::warn!("{warning}");
    }
    let done = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(Failure::unexpected(&error)),
    };
    done.map_or_else(|failure| failure.code().into(), |()| ExitCode::SUCCESS)
}

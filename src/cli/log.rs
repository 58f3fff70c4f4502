//! Logging to stderr, and what a panic says. `KEYLAPSE_LOG` chooses what is logged, but cannot lift
//! the libraries that see secrets above warnings (SECURITY S18); a panic prints where and a
//! reference, never its payload, which may quote a secret.

use std::io::{self, Write};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::domain::text::printable;
use crate::ids::Ids;

/// The variable that chooses.
const VARIABLE: &str = "KEYLAPSE_LOG";

/// What is logged beside the default where nobody chose.
const QUIET: &str = "sqlx=error";

/// Libraries through which secrets or URLs with tokens pass, by the beginning of their targets.
const NOISY: [&str; 12] = [
    "reqwest",
    "hyper",
    "h2",
    "rustls",
    "tokio_rustls",
    "sqlx",
    "serenity",
    "teloxide",
    "tungstenite",
    "tokio_tungstenite",
    "axum",
    "tower",
];

/// Starts logging; `default` holds where nobody chose.
pub fn start(default: LevelFilter) {
    let chosen = std::env::var(VARIABLE).unwrap_or_default();
    let read = EnvFilter::try_new(directives(default, &chosen));
    let filter = read.unwrap_or_else(|_| {
        let _ = writeln!(
            io::stderr(),
            "{VARIABLE} cannot be read and is left aside: write for example info or keylapse=debug."
        );
        EnvFilter::new(directives(default, ""))
    });
    // No colour: the door lets no escape through, whoever wrote it.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(|| Door(io::stderr())).with_ansi(false);
    let quiet = filter_fn(is_fit);
    // A second start in one process is a test's; the first one counts.
    let _ = tracing_subscriber::registry().with(filter).with(quiet).with(lines).try_init();
}

/// What somebody chose goes over the default; without a choice slow statements are left out.
fn directives(default: LevelFilter, chosen: &str) -> String {
    if chosen.trim().is_empty() {
        format!("{default},{QUIET}")
    } else {
        format!("{default},{chosen}")
    }
}

/// Whether an event may be logged at all.
fn is_fit(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= tracing::Level::WARN
        || !NOISY.iter().any(|noisy| metadata.target().starts_with(noisy))
}

/// Lets nothing into the log that could steer the terminal it is read on.
struct Door<W>(W);

impl<W: Write> Write for Door<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(printable(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Lets a panic say where it happened and nothing else.
pub fn hush_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(
            || "an unknown place".to_owned(),
            |place| format!("{}:{}", place.file(), place.line()),
        );
        let reference = Ids::Random.reference();
        let _ = writeln!(
            io::stderr(),
            "Something broke on my side (reference {reference}, at {place}). Please report that line."
        );
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::Context;

    use super::*;

    /// Counts what comes through.
    struct Count(Arc<Mutex<Vec<String>>>);

    impl<S: tracing::Subscriber> Layer<S> for Count {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            let metadata = event.metadata();
            self.0.lock().unwrap().push(format!("{} {}", metadata.level(), metadata.target()));
        }
    }

    #[test]
    fn a_choice_goes_over_the_default() {
        let of = |chosen: &str| EnvFilter::new(directives(LevelFilter::WARN, chosen)).to_string();
        assert_eq!(of(""), "sqlx=error,warn");
        assert_eq!(of("debug"), "debug");
        assert_eq!(of("keylapse=debug"), "keylapse=debug,warn");
    }

    #[test]
    fn no_line_of_the_log_steers_the_terminal() {
        let mut out = Vec::new();
        Door(&mut out).write_all("WARN a\u{1b}]8;;x\u{7}b\u{202e}c\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "WARN a]8;;xbc\n");
    }

    #[test]
    fn no_filter_lifts_a_noisy_library_above_warnings() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = EnvFilter::new("trace,sqlx::query=trace,hyper_util=trace");
        let subscriber = tracing_subscriber::registry()
            .with(all)
            .with(filter_fn(is_fit))
            .with(Count(seen.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "sqlx::query", "secret");
            tracing::info!(target: "hyper_util::client", "secret");
            tracing::trace!(target: "reqwest", "secret");
            tracing::warn!(target: "sqlx::query", "slow");
            tracing::debug!(target: "keylapse::cli", "fine");
        });
        assert_eq!(*seen.lock().unwrap(), ["WARN sqlx::query", "DEBUG keylapse::cli"]);
    }
}

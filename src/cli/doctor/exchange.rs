//! What `doctor` hears from the exchange: the time and its state, at each site that has keys.
//! Nothing is asked about a key.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{Finding, broken, fine, soon};
use crate::cli::ask::Terminal;
use crate::cli::probe;
use crate::clock::Clock;
use crate::config::Kucoin;
use crate::domain::evidence::Fault;
use crate::domain::facts::Site;
use crate::exchange::ServiceState;

/// KuCoin refuses a signature that is further off than this.
const CLOCK_LIMIT: TimeDelta = TimeDelta::seconds(5);

/// Asks the site of the settings, where the next key comes from, and each that has keys. Only the
/// first can be asked elsewhere than at home.
pub async fn look(
    settings: &Kucoin,
    clock: &Arc<dyn Clock>,
    with_keys: &BTreeSet<Site>,
    terminal: &mut Terminal,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for site in sites(settings.site, with_keys) {
        let client = if site == settings.site {
            probe::settings_client(settings, clock, site, terminal)
        } else {
            probe::official_client(clock, site)
        };
        let client = match client {
            Ok(client) => client,
            Err(failure) => {
                found.extend(failure.sentence().map(broken));
                continue;
            }
        };
        let name = name(site);
        found.push(judge_clock(name, client.clock_ahead().await));
        found.extend(client.service().await.map(|service| say_state(name, service.state)));
    }
    found
}

/// The site of the settings first, each once.
fn sites(configured: Site, with_keys: &BTreeSet<Site>) -> Vec<Site> {
    let others = with_keys.iter().copied().filter(|site| *site != configured);
    std::iter::once(configured).chain(others).collect()
}

fn name(site: Site) -> &'static str {
    match site {
        Site::Global | Site::Other => "KuCoin",
        Site::Eu => "KuCoin EU",
        Site::Au => "KuCoin AU",
        Site::Tr => "KuCoin TR",
    }
}

fn judge_clock(name: &str, ahead: Result<TimeDelta, Fault>) -> Finding {
    match ahead {
        Ok(ahead) if ahead.abs() < CLOCK_LIMIT => fine(format!(
            "This clock and {name}'s agree ({} ms apart).",
            ahead.num_milliseconds().abs()
        )),
        Ok(ahead) => broken(format!(
            "This clock is {} s {} {name}'s: switch on the host's time service (chrony or systemd-timesyncd).",
            ahead.num_seconds().abs(),
            if ahead > TimeDelta::zero() { "behind" } else { "ahead of" }
        )),
        Err(fault) => broken(format!(
            "{name} cannot be asked the time from this machine ({}): see that its network works.",
            fault.id().replace('_', " ")
        )),
    }
}

fn say_state(name: &str, state: ServiceState) -> Finding {
    match state {
        ServiceState::Open => fine(format!("{name} says that it is open.")),
        ServiceState::CancelOnly => {
            soon(format!("{name} says that orders can only be cancelled now."))
        }
        ServiceState::Closed => soon(format!("{name} says that it is closed now.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Tone;

    #[test]
    fn each_answer_of_the_exchange_has_its_remedy() {
        let table = [
            (judge_clock("KuCoin", Ok(TimeDelta::milliseconds(-120))), Tone::Fine, "120 ms apart"),
            (
                judge_clock("KuCoin", Ok(TimeDelta::seconds(40))),
                Tone::Broken,
                "40 s behind KuCoin's: switch on",
            ),
            (
                judge_clock("KuCoin EU", Ok(TimeDelta::seconds(-9))),
                Tone::Broken,
                "9 s ahead of KuCoin EU's",
            ),
            (
                judge_clock("KuCoin TR", Err(Fault::Network)),
                Tone::Broken,
                "KuCoin TR cannot be asked",
            ),
            (say_state("KuCoin", ServiceState::Open), Tone::Fine, "it is open"),
            (say_state("KuCoin", ServiceState::CancelOnly), Tone::Soon, "only be cancelled"),
            (
                say_state("KuCoin AU", ServiceState::Closed),
                Tone::Soon,
                "KuCoin AU says that it is closed",
            ),
        ];
        for (finding, tone, words) in table {
            assert_eq!(finding.tone, tone, "{}", finding.text);
            assert!(finding.text.contains(words), "{}", finding.text);
        }
    }

    #[test]
    fn each_site_that_has_keys_is_asked_once_after_that_of_the_settings() {
        let with_keys = BTreeSet::from([Site::Global, Site::Eu, Site::Tr]);
        assert_eq!(sites(Site::Eu, &with_keys), [Site::Eu, Site::Global, Site::Tr]);
        assert_eq!(sites(Site::Au, &BTreeSet::new()), [Site::Au]);
    }
}

//! What many keys say together: when at least three keys of a workspace on one exchange's site,
//! and at least half of them, are blind for one reason, that is one problem and not forty.

use super::alert::{Alert, Subject};
use super::rules::Rule;
use super::signal::{Finding, Severity, Signal};

/// The keys of a workspace on one exchange's site, counted by their latest outcome over all of
/// them and not over one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Keys that are asked at all and have been asked.
    pub keys: u32,
    /// The blind ones by what blinds them, with whether any of them is confirmed.
    pub blind: Vec<Blinded>,
}

/// Keys blinded by one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blinded {
    /// [`super::rules::blind_word`].
    pub word: String,
    /// How many.
    pub keys: u32,
    /// Whether at least one of them has been blind often and long enough, or one look proves it.
    pub confirmed: bool,
}

/// The fewest keys that make a fleet.
const FEWEST: u32 = 3;

/// The rule of an exchange's alert.
pub const RULE: Rule = Rule::Blind;

/// Judges the exchange by its keys.
pub fn examine(census: &Census) -> Signal {
    let Some(group) = census.blind.iter().max_by_key(|group| group.keys) else {
        return if census.keys == 0 { Signal::NotEvaluated } else { Signal::Absent };
    };
    if group.keys < FEWEST || group.keys * 2 < census.keys {
        return Signal::Absent;
    }
    let finding = Finding::proven(Severity::Warning, [group.word.clone()]);
    Signal::Present(Finding { ripe: group.confirmed, ..finding })
}

/// Whether the open alert `greater` says all that `lesser` would say, where both are about the same
/// key or `greater` is about the key's exchange.
pub fn covers(greater: &Alert, lesser: &Alert) -> bool {
    let is_exchange = matches!(greater.subject, Subject::Exchange(..));
    // The wanted refusal is no alarm and is told when the leak's alert ends; open or over, that one
    // says it.
    let speaks = if greater.rule == Rule::Exposed {
        lesser.state.severity < Severity::Critical
    } else {
        greater.state.is_open()
    };
    let says_it = if is_exchange {
        // What is critical about one key (its bot runs here and is refused too) is not said by a
        // warning about all of them.
        greater.rule == lesser.rule && lesser.state.severity <= greater.state.severity
    } else {
        greater.rule.covers(lesser.rule)
    };
    greater.id != lesser.id && speaks && says_it
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(keys: u32, blind: &[(&str, u32, bool)]) -> Census {
        let blind = blind.iter().map(|(word, keys, confirmed)| Blinded {
            word: (*word).to_owned(),
            keys: *keys,
            confirmed: *confirmed,
        });
        Census { keys, blind: blind.collect() }
    }

    #[test]
    fn three_keys_and_half_of_them_make_a_fleet() {
        let table = [
            (census(40, &[("no answer", 40, true)]), "ripe"),
            (census(40, &[("no answer", 20, true)]), "ripe"),
            (census(40, &[("no answer", 20, false)]), "weak"),
            (census(40, &[("no answer", 19, true)]), "absent"),
            (census(2, &[("no answer", 2, true)]), "absent"),
            (census(6, &[("address", 3, true), ("no answer", 2, true)]), "ripe"),
            (census(5, &[]), "absent"),
            (census(0, &[]), "nothing"),
        ];
        for (census, expected) in table {
            let got = match examine(&census) {
                Signal::Present(finding) if finding.ripe => "ripe",
                Signal::Present(_) => "weak",
                Signal::Absent => "absent",
                Signal::NotEvaluated => "nothing",
            };
            assert_eq!(got, expected, "{census:?}");
        }
    }
}

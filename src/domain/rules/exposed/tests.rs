//! What ends the word of a person, and how often the exchange is asked about it.

use chrono::TimeDelta;

use super::super::super::alert::{Alert, Subject};
use super::super::super::evidence::{Fault, Outcome};
use super::super::super::fleet::covers;
use super::super::super::key::{KeyState, Leak};
use super::super::super::samples::{Watched, alert, at, bad, facts, key};
use super::super::super::signal::{Finding, Severity, Signal};
use super::super::super::text::Clean;
use super::super::Rule;

fn called(watched: Watched, minute: i64) -> Watched {
    let leak = Leak { by: Clean::new("Ann", 20), at: at(minute), called_off: None };
    watched.keyed(|key| key.leaked = Some(leak))
}

fn gone() -> Outcome {
    bad(Fault::NotKnown, "400003")
}

fn word(watched: &Watched, rule: Rule, minute: i64) -> &'static str {
    match watched.examined(rule, at(minute)).signal {
        Signal::Absent => "absent",
        Signal::NotEvaluated => "nothing",
        Signal::Present(found) => match (found.ripe, found.severity) {
            (true, Severity::Critical) => "critical",
            (true, _) => "ripe",
            (false, _) => "weak",
        },
    }
}

#[test]
fn only_two_equal_refusals_of_a_key_that_worked_end_it() {
    let leaked = || called(Watched::good(), 0);
    let twice = || leaked().see_at(&gone(), &[3, 4]);
    let presses = leaked().see(gone(), at(3)).see(gone(), at(3) + TimeDelta::seconds(20));
    let outage = bad(Fault::Network, "");
    let table = [
        ("nobody said so", Watched::good(), "absent"),
        ("accepted", leaked(), "critical"),
        ("accepted again and again", leaked().see_at(&Outcome::Good(facts()), &[1, 2]), "critical"),
        ("refused once", leaked().see(gone(), at(3)), "critical"),
        ("two presses in a row", presses, "critical"),
        ("refused twice", twice(), "absent"),
        ("an outage", leaked().see_at(&outage, &[1, 2, 3, 9]), "critical"),
        (
            "an outage between",
            leaked().see(gone(), at(3)).see(outage.clone(), at(4)).see(gone(), at(5)),
            "critical",
        ),
        ("an outage after one", leaked().see(gone(), at(3)).see(outage, at(4)), "critical"),
        ("our address", leaked().see_at(&bad(Fault::IpRefused, "400006"), &[3, 4]), "critical"),
        (
            "frozen, which can be lifted",
            leaked().see_at(&bad(Fault::AccountFrozen, "411100"), &[3, 4]),
            "critical",
        ),
        (
            "another passphrase",
            leaked().see_at(&bad(Fault::WrongPassphrase, "400004"), &[3, 4]),
            "critical",
        ),
        ("accepted again", twice().now_with(5, |_| {}), "critical"),
        (
            "never accepted here",
            called(Watched::new(key()).see_at(&gone(), &[3, 4, 9]), 0),
            "critical",
        ),
        ("never asked", called(Watched::new(key()), 0), "critical"),
        ("its secret dropped", leaked().keyed(|key| key.state = KeyState::Refused), "critical"),
        (
            "called off",
            leaked().keyed(|key| {
                let off = Some((Clean::new("Kim", 20), at(2)));
                key.leaked.as_mut().unwrap().called_off = off;
            }),
            "absent",
        ),
    ];
    for (name, watched, expected) in table {
        assert_eq!(word(&watched, Rule::Exposed, 10), expected, "{name}");
    }
}

#[test]
fn the_exchange_is_asked_often_at_first_and_left_alone_where_it_wants_rest() {
    let leaked = || called(Watched::good(), 0);
    let down = || leaked().see(bad(Fault::ExchangeDown, "503000"), at(1));
    let slow = leaked().see(bad(Fault::RateLimited, "429000"), at(1));
    let dropped = leaked().keyed(|key| key.state = KeyState::Refused);
    let table = [
        ("at once", leaked(), 0, Some(1)),
        ("after 14 minutes", leaked(), 14, Some(15)),
        ("after a quarter", leaked(), 15, Some(17)),
        ("after an hour", leaked(), 60, Some(65)),
        ("after a day", leaked(), 1440, Some(1445)),
        ("refused once", leaked().see(gone(), at(3)), 3, Some(4)),
        ("an outage", down(), 1, Some(6)),
        ("too many requests", slow, 1, None),
        ("nobody to ask", dropped, 1, None),
        ("refused for good", leaked().see_at(&gone(), &[3, 4]), 4, None),
    ];
    for (name, watched, minute, next) in table {
        let asked = watched.examined(Rule::Exposed, at(minute)).next.map(|look| look.at);
        assert_eq!(asked, next.map(at), "{name}");
    }
}

#[test]
fn the_refusal_of_a_leaked_key_is_no_alarm_and_said_by_the_end_of_its_leak() {
    let table = [
        ("wanted, once", called(Watched::good(), 0).see(gone(), at(3)), "weak"),
        ("wanted, twice", called(Watched::good(), 0).see_at(&gone(), &[3, 4]), "ripe"),
        ("not wanted, twice", Watched::good().see_at(&gone(), &[3, 4]), "weak"),
        ("not wanted", Watched::good().see_at(&gone(), &[3, 7, 13]), "critical"),
        (
            "never accepted here",
            called(Watched::new(key()).see_at(&gone(), &[3, 7, 13]), 0),
            "critical",
        ),
    ];
    for (name, watched, expected) in table {
        assert_eq!(word(&watched, Rule::Rejected, 13), expected, "{name}");
    }
    let one = |rule, severity| -> Alert {
        let alert = alert(rule, Subject::Key(key().id), &Finding::proven(severity, []), at(0));
        Alert { id: rule.id().to_owned().into(), ..alert }
    };
    let leak = one(Rule::Exposed, Severity::Critical);
    let mut over = leak.clone();
    over.state.phase = super::super::super::alert::Phase::Closed { at: at(4) };
    for leak in [leak, over] {
        assert!(covers(&leak, &one(Rule::Rejected, Severity::Notice)), "the wanted refusal");
        assert!(!covers(&leak, &one(Rule::Rejected, Severity::Critical)), "any other");
        assert!(!covers(&leak, &one(Rule::Blind, Severity::Warning)));
        assert!(!covers(&one(Rule::Rejected, Severity::Critical), &leak));
    }
}

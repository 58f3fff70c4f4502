//! The tree as a table, and what holds for all of it.

use super::*;

const NOTHING: Known =
    Known { exchange: None, look: Look::Nothing, past: false, beside: false, bound: None };
const WORKS: Known = Known { look: Look::Accepted, bound: Some(true), ..NOTHING };

fn refused(fault: Fault) -> Known {
    Known { look: Look::Refused(fault), ..NOTHING }
}

fn says(says: Says) -> Fix {
    Fix { says: Some(says), ..Fix::default() }
}

#[test]
fn what_is_known_is_never_asked() {
    use Because::{Exchange, Past};
    let look = |cause| End { cause, because: Because::Look };
    let table = [
        (refused(Fault::IpRefused), look(Cause::Address)),
        (refused(Fault::NotKnown), look(Cause::Gone)),
        (refused(Fault::WrongPassphrase), look(Cause::Passphrase)),
        (refused(Fault::ClockSkew), look(Cause::Clock)),
        (refused(Fault::RateLimited), look(Cause::Limits)),
        (refused(Fault::Network), look(Cause::Down)),
        (
            Known { past: true, ..refused(Fault::NotKnown) },
            End { cause: Cause::Ended, because: Past },
        ),
        (Known { past: true, ..NOTHING }, End { cause: Cause::Ended, because: Past }),
        (
            Known { exchange: Some(Fault::ExchangeDown), past: true, ..NOTHING },
            End { cause: Cause::Down, because: Exchange },
        ),
    ];
    for (known, end) in table {
        assert_eq!(next(&Fix::default(), &known), Step::End(end), "{known:?}");
        // Seen, and the bot says something else: the questions begin.
        let aside = Fix { aside: true, ..Fix::default() };
        assert_eq!(next(&aside, &known), Step::Ask(Question::Says), "{known:?}");
    }
    // What is this monitor's own trouble says nothing about the bot.
    let over = Known { exchange: Some(Fault::ExchangeDown), ..WORKS };
    for known in [refused(Fault::Unopened), refused(Fault::OurRequest), WORKS, over, NOTHING] {
        assert_eq!(next(&Fix::default(), &known), Step::Ask(Question::Says), "{known:?}");
    }
    // A bot on this machine is not asked where it runs.
    let beside = Known { beside: true, ..WORKS };
    assert_eq!(next(&says(Says::Unsure), &WORKS), Step::Ask(Question::Here));
    assert_eq!(next(&says(Says::Unsure), &beside), Step::Ask(Question::Same));
    // A known end explains an unknown key without a look into the exchange's list.
    let past = Known { past: true, look: Look::Refused(Fault::Unopened), ..NOTHING };
    let ended = End { cause: Cause::Ended, because: Past };
    assert_eq!(next(&says(Says::Unknown), &past), Step::End(ended));
}

#[test]
fn each_walk_ends_at_its_cause() {
    use Because::{Likely, Said, Unbound, Works};
    let unknown = |same, site| Fix { same, site, ..says(Says::Unknown) };
    let listed = |listed, site| Fix { listed: Some(listed), site, ..says(Says::Unknown) };
    let unsure = |here, same| Fix { here, same, ..says(Says::Unsure) };
    let lost = |listed| Fix { listed: Some(listed), ..says(Says::Unsure) };
    let free = Known { bound: Some(false), ..WORKS };
    let (yes, no, dunno) = (Some(Answer::Yes), Some(Answer::No), Some(Answer::Unsure));
    let same_site = Some(SiteAnswer::Same);
    let table = [
        (says(Says::Passphrase), WORKS, Cause::Passphrase, Works),
        (says(Says::Passphrase), NOTHING, Cause::Passphrase, Said),
        (says(Says::Signature), WORKS, Cause::Signature, Works),
        (says(Says::Address), WORKS, Cause::Address, Works),
        (says(Says::Address), free.clone(), Cause::OtherKey, Unbound),
        (says(Says::Permission), WORKS, Cause::Permission, Works),
        (says(Says::Clock), WORKS, Cause::Clock, Said),
        (says(Says::Limits), NOTHING, Cause::Limits, Said),
        (says(Says::Down), NOTHING, Cause::Down, Said),
        (says(Says::Nothing), WORKS, Cause::Stopped, Works),
        (says(Says::Other), NOTHING, Cause::Unlisted, Said),
        (unknown(no, None), WORKS, Cause::OtherKey, Works),
        (unknown(yes, same_site), WORKS, Cause::Copied, Works),
        (unknown(yes, Some(SiteAnswer::OtherSite)), WORKS, Cause::Site, Works),
        (unknown(dunno, Some(SiteAnswer::Unsure)), WORKS, Cause::Site, Likely),
        (listed(Answer::No, None), NOTHING, Cause::Gone, Said),
        (listed(Answer::Unsure, None), NOTHING, Cause::Gone, Likely),
        (listed(Answer::Yes, same_site), NOTHING, Cause::Copied, Said),
        (listed(Answer::Yes, Some(SiteAnswer::OtherExchange)), NOTHING, Cause::OtherExchange, Said),
        (unsure(no, None), WORKS, Cause::Address, Likely),
        (unsure(no, no), free, Cause::OtherKey, Works),
        (unsure(yes, yes), WORKS, Cause::Stopped, Likely),
        (lost(Answer::No), NOTHING, Cause::Gone, Likely),
        (lost(Answer::Yes), NOTHING, Cause::NoLine, Likely),
    ];
    for (fix, known, cause, because) in table {
        assert_eq!(next(&fix, &known), ends(cause, because), "{fix:?} {known:?}");
    }
}

/// Every state that presses can reach from nothing.
fn reachable(known: &Known) -> Vec<(Fix, Step)> {
    let starts = [Fix::default(), Fix { aside: true, ..Fix::default() }];
    let mut open: Vec<(Fix, usize)> = starts.into_iter().map(|fix| (fix, 0)).collect();
    let mut found = Vec::new();
    while let Some((fix, depth)) = open.pop() {
        let step = next(&fix, known);
        if let Step::Ask(question) = step {
            assert!(depth < 6, "a walk without an end: {fix:?}");
            open.extend(question.answers(&fix).into_iter().map(|(_, fix)| (fix, depth + 1)));
        }
        found.push((fix, step));
    }
    found
}

#[test]
fn no_walk_is_longer_than_six_cards_and_no_question_has_more_than_eight_answers() {
    let looks = [Look::Nothing, Look::Accepted, Look::Refused(Fault::IpRefused)];
    for look in looks {
        for (past, beside, bound) in
            [(false, false, None), (true, true, Some(false)), (false, false, Some(true))]
        {
            let known = Known { exchange: None, look, past, beside, bound };
            for (fix, step) in reachable(&known) {
                let Step::Ask(question) = step else { continue };
                let answers = question.answers(&fix);
                assert!((2..=8).contains(&answers.len()), "{question:?}");
                let unsure = [
                    Choice::Says(Says::Unsure),
                    Choice::Answer(Answer::Unsure),
                    Choice::Site(SiteAnswer::Unsure),
                ];
                let (last, _) = answers.last().unwrap();
                assert!(unsure.contains(last), "{question:?} cannot be left unanswered");
            }
        }
    }
}

#[test]
fn every_fault_has_its_end_and_a_state_survives_its_button() {
    for fault in Fault::ALL {
        let step = next(&Fix::default(), &refused(*fault));
        let is_ours = matches!(fault, Fault::OurRequest | Fault::Unopened);
        assert_eq!(matches!(step, Step::End(_)), !is_ours, "{fault:?}");
    }
    let key = Some(Which::Watched(KeyId("k".to_owned())));
    for (fix, _) in reachable(&WORKS) {
        let fix = Fix { key: key.clone(), ..fix };
        let json = serde_json::to_string(&fix).unwrap();
        assert_eq!(serde_json::from_str::<Fix>(&json).unwrap(), fix);
    }
}

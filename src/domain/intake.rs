//! Which keys may come in at all (SECURITY S7). The same judgement holds at the command line, for
//! imported keys at their first probe, and for a key that replaces another.

use super::facts::{Binding, Facts};
use super::key::Key;
use super::permission::{Allow, Permissions, Power};

/// Why a key is refused unless a person allows it for this key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong with it, as half a sentence: "it can withdraw".
    pub why: String,
    /// The word of `--allow` that lets it in.
    pub word: &'static str,
}

/// All reasons to refuse a key with these facts; empty = it may come in.
pub fn refusals(facts: &Facts, allow: Allow) -> Vec<Refusal> {
    let names = |power| {
        let names: Vec<&str> = facts.permissions.of(power).map(|p| p.name.as_str()).collect();
        names.join(", ")
    };
    let mut refusals = Vec::new();
    let mut refuse = |why: String, word| refusals.push(Refusal { why, word });
    if facts.permissions.can(Power::Withdraw) && !allow.withdraw {
        refuse(format!("it can send funds out ({})", names(Power::Withdraw)), "withdraw");
    }
    if facts.permissions.can(Power::Transfer) && !allow.transfer {
        refuse(
            format!("it can move funds between accounts ({})", names(Power::Transfer)),
            "transfer",
        );
    }
    if facts.permissions.can(Power::Unknown) && !allow.unknown {
        let why =
            format!("it has a permission that keylapse does not know ({})", names(Power::Unknown));
        refuse(why, "unknown");
    }
    let is_bound = matches!(facts.binding, Binding::Bound(_));
    if !is_bound && !allow.no_ip {
        if facts.permissions.can(Power::Trade) {
            refuse("it can trade and is bound to no address".to_owned(), "no-ip");
        } else if facts.master.unwrap_or(true) {
            // By KuCoin's documents a master key with General alone can make, change and delete
            // the keys of sub-accounts (facts: POST /api/v1/sub/api-key needs General).
            let why = "it belongs to a master account, which can change sub-account keys, and is bound to no address";
            refuse(why.to_owned(), "no-ip");
        }
    }
    refusals
}

/// Why a key that was let in is refused now: it has gained a right to move funds that nobody
/// allowed. What it could do from the start was a person's decision, or is an alert of its own.
pub fn gained(facts: &Facts, key: &Key) -> Option<Refusal> {
    let accepted = &key.baseline.as_ref()?.facts.permissions;
    let gained = facts.permissions.beyond(accepted).into_iter().cloned().collect();
    let new = Facts { permissions: Permissions(gained), ..facts.clone() };
    refusals(&new, Allow { no_ip: true, ..key.allow }).into_iter().next()
}

/// Whether a right that can move funds is there although nobody allowed it.
pub fn can_move_unallowed(facts: &Facts, allow: Allow) -> bool {
    facts.permissions.0.iter().any(|p| p.power > Power::Trade && !allow.permits(p.power))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::facts::ReportedEnd;
    use crate::domain::permission::Permission;

    fn facts(powers: &[Power], binding: Binding, master: Option<bool>) -> Facts {
        let permission = |power: &Power| Permission { power: *power, name: format!("{power:?}") };
        Facts {
            permissions: Permissions(powers.iter().map(permission).collect()),
            binding,
            created_at: None,
            end: ReportedEnd::Unknown,
            account: None,
            master,
            sub_account: None,
            version: Some(3),
            site: None,
        }
    }

    #[test]
    fn what_can_cost_money_is_refused_unless_allowed() {
        let bound = || Binding::Bound(BTreeSet::from(["203.0.113.7".to_owned()]));
        let sub = Some(false);
        let table: [(Facts, &[&str]); 8] = [
            (facts(&[Power::Read], Binding::Unbound, sub), &[]),
            (facts(&[Power::Read], Binding::Unbound, Some(true)), &["no-ip"]),
            (facts(&[Power::Read], Binding::Unbound, None), &["no-ip"]),
            (facts(&[Power::Read, Power::Trade], Binding::Unbound, sub), &["no-ip"]),
            (facts(&[Power::Read, Power::Trade], Binding::Unknown, sub), &["no-ip"]),
            (facts(&[Power::Read, Power::Trade], bound(), Some(true)), &[]),
            (facts(&[Power::Withdraw, Power::Transfer], bound(), sub), &["withdraw", "transfer"]),
            (facts(&[Power::Unknown], bound(), sub), &["unknown"]),
        ];
        for (facts, words) in table {
            let refused = refusals(&facts, Allow::default());
            let got: Vec<&str> = refused.iter().map(|r| r.word).collect();
            assert_eq!(got, words, "{facts:?}");
            let mut allow = Allow::default();
            assert!(words.iter().all(|word| allow.set(word)));
            assert!(refusals(&facts, allow).is_empty());
        }
    }
}

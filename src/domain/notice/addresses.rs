//! Where the key may be used from: the list has changed, or there is none. Full addresses are not
//! posted; what the exchange does not mask is masked here.

use super::super::card::{Card, Grain, Line, Tone};
use super::super::facts::Binding;
use super::super::text::Clean;
use super::{Said, View};

pub(super) fn changed(view: &View<'_>) -> Said {
    let since = view.alert.state.opened_at;
    let then = view.key.and_then(|key| key.baseline.as_ref()).map(|b| &b.facts.binding);
    let now = view.last_good.map(|good| &good.facts.binding);
    let (what, risk) = match (then, now) {
        (Some(Binding::Bound(_)), Some(Binding::Unbound)) => {
            ("not bound to any address now", " Whoever copies this key can use it from anywhere.")
        }
        (Some(Binding::Unbound), Some(Binding::Bound(_))) => {
            ("now bound to addresses", " A bot at any other address is refused from now on.")
        }
        (_, Some(Binding::Unknown | Binding::Bound(_) | Binding::Unbound) | None) => {
            ("address list changed", " A bot whose address is gone is refused.")
        }
    };
    let title = view.colon().text(format!("{what} (since ")).moment(since, Grain::Time).text(")");
    let mut card = Card::new(Tone::Soon, title).text(difference(view).text(risk)).text(
        "Not done by one of you? Somebody can log in to the account. \
             Delete the key at KuCoin now, then /leaked.",
    );
    card.buttons.push(view.steps_button());
    card.buttons.extend(view.accept_button("Expected, we did it"));
    card.buttons.push(view.mine_button());
    let brief = Line::from(format!("{what} (since ")).moment(since, Grain::Time).text(")");
    Said { brief, card }
}

fn difference(view: &View<'_>) -> Line {
    let items = &view.alert.state.items;
    let side = |sign: char| items.iter().filter_map(move |item| item.strip_prefix(sign));
    let part = |word: &str, sign| {
        let count = side(sign).count();
        let mut line = Line::from(word);
        for (n, entry) in side(sign).take(3).enumerate() {
            line = if n == 0 { line } else { line.text(", ") };
            line = line.name(&masked(entry));
        }
        let more = if count > 3 { format!(" and {} more", count - 3) } else { String::new() };
        (count > 0).then(|| line.text(more).text("."))
    };
    match (part("Added: ", '+'), part("Gone: ", '-')) {
        (Some(added), Some(gone)) => added.text(" ").then(gone),
        (Some(line), None) | (None, Some(line)) => line,
        (None, None) => "The list is not the accepted one.".into(),
    }
}

/// `203.0.113.7` as `203.*.7`; what the exchange masks already stays as it is.
fn masked(entry: &str) -> Clean {
    let parted = |mark| entry.split_once(mark).zip(entry.rsplit_once(mark));
    let text = match parted('.').map(|p| (p, '.')).or_else(|| parted(':').map(|p| (p, ':'))) {
        Some((((first, _), (_, last)), mark)) if !entry.contains('*') => {
            format!("{first}{mark}*{mark}{last}")
        }
        Some(_) | None => entry.to_owned(),
    };
    Clean::new(&text, 24)
}

pub(super) fn none(view: &View<'_>) -> Said {
    let mut card = Card::new(Tone::Soon, view.verb().text("can trade from any address"))
        .text("No address is bound to it: whoever copies it can use it from anywhere.")
        .text(
            "KuCoin deletes such a key, or takes its trading right away, after 30 days without use \
             (KuCoin's support page on creating API keys). Whether this monitor's checks count \
             as use is not known.",
        )
        .text(
            "Next: bind it to every address its bots use, then watch that they still run: \
             Steps.",
        );
    card.buttons.push(view.steps_button());
    card.buttons.extend(view.accept_button("Keep it as it is"));
    card.buttons.push(view.mine_button());
    Said { brief: "can trade from any address".into(), card }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_address_is_never_posted() {
        let table = [
            ("203.0.113.7", "203.*.7"),
            ("203.**.154", "203.**.154"),
            ("2001:db8:85a3::8a2e:370:7334", "2001:*:7334"),
            ("strange", "strange"),
        ];
        for (entry, shown) in table {
            assert_eq!(masked(entry).as_str(), shown);
        }
    }
}

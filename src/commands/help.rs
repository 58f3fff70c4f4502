//! `/help`: only what the caller may run, grouped, one line with an example each.

use super::call::Call;
use super::parse::nearest;
use super::spec::{Group, Spec, typed};
use super::{Reply, Role};
use crate::domain::card::{Card, Line, Tone};

pub(super) fn answer(call: &Call<'_>, command: Option<&str>) -> Reply {
    let Some(name) = command else {
        return Reply::open(all("What you can ask here", call.actor.role));
    };
    let name = name.trim().trim_start_matches('/');
    let spec = Spec::named(name).filter(|spec| spec.role <= call.actor.role);
    if let Some(spec) = spec {
        return Reply::open(one(spec));
    }
    let near = nearest(name).and_then(Spec::named).filter(|spec| spec.role <= call.actor.role);
    let title = match near {
        Some(near) => format!("You have no command of that name. The nearest is /{}.", near.name),
        None => "You have no command of that name. What you can ask:".to_owned(),
    };
    Reply::open(all(&title, call.actor.role))
}

fn all(title: &str, role: Role) -> Card {
    let mut card = Card::new(Tone::Plain, title);
    for group in [Group::Keys, Group::Alerts, Group::Answers, Group::Workspace] {
        let mut may = typed().filter(|spec| spec.group == group && spec.role <= role).peekable();
        if may.peek().is_none() {
            continue;
        }
        card = card.text(group.name());
        for spec in may {
            let line = Line::default().code(spec.example).text(format!(": {}", spec.summary));
            card = card.item(Tone::Plain, line);
        }
    }
    if role == Role::Anyone {
        card = card.text("About this workspace's keys I answer only people whom its admin let in.");
    }
    card
}

fn one(spec: &Spec) -> Card {
    let mut card = Card::new(Tone::Plain, Line::default().code(spec.usage()))
        .text(format!("{}.", spec.summary));
    for argument in spec.words() {
        card = card.item(Tone::Plain, format!("{}: {}", argument.name, argument.summary));
    }
    card.text(Line::from("Example: ").code(spec.example))
}

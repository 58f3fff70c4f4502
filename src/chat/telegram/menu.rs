//! The menus behind Telegram's slash: five commands in groups, all of them in private. Made from
//! the one table of commands, and set only where they differ from what Telegram shows.

use teloxide::payloads::{
    GetMyCommands, GetMyCommandsSetters as _, SetMyCommands, SetMyCommandsSetters as _,
};
use teloxide::types::{BotCommand, BotCommandScope};

use super::api::{Api, Fault};
use crate::commands::{Reach, SPECS, Spec};

/// What a group is offered; the rest is asked in private.
const IN_GROUPS: [&str; 5] = ["keystatus", "alerts", "ack", "faq", "help"];

/// The menus by scope.
pub fn menus() -> [(BotCommandScope, Vec<BotCommand>); 2] {
    let item = |spec: &Spec| BotCommand::new(spec.name, spec.summary);
    let typed = SPECS.iter().filter(|spec| matches!(spec.reach, Reach::Typed(_)));
    let groups = IN_GROUPS.into_iter().filter_map(Spec::named).map(item).collect();
    [
        (BotCommandScope::AllGroupChats, groups),
        (BotCommandScope::AllPrivateChats, typed.map(item).collect()),
    ]
}

/// Sets the menus that have changed.
pub async fn set(api: &Api) -> Result<(), Fault> {
    for (scope, menu) in menus() {
        let shown: Vec<BotCommand> = api.call(&GetMyCommands::new().scope(scope.clone())).await?;
        if shown != menu {
            let _: bool = api.call(&SetMyCommands::new(menu).scope(scope)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_menu_is_made_of_the_table_and_fits_the_platform() {
        let [(_, groups), (_, private)] = menus();
        assert_eq!(groups.iter().map(|item| item.command.as_str()).collect::<Vec<_>>(), IN_GROUPS);
        assert!(private.len() >= groups.len() && private.len() <= 100);
        for item in groups.iter().chain(&private) {
            let name = &item.command;
            let is_fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            assert!((1..=32).contains(&name.len()) && name.bytes().all(is_fit), "{name}");
            assert!((1..=256).contains(&item.description.chars().count()), "{name}");
            // A trader's own bot in the same chat listens to these.
            assert!(!["stop", "status", "balance"].contains(&name.as_str()));
        }
    }
}

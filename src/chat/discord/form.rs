//! The table of commands as Discord's forms, and a filled-in form as a command. Names, arguments
//! and words come from the table; nothing is written twice.

use serenity::all::{
    CommandData, CommandDataOptionValue, CommandOptionType, CommandType, CreateCommand,
    CreateCommandOption, InstallationContext, InteractionContext, Permissions,
};

use super::render::cut;
use crate::commands::{
    self, Argument, ArgumentKind, Command, Given, LONGEST, Reach, Role, SPECS, Spec,
};

/// The message command: what stands in somebody's message is read as a question.
pub const EXPLAIN: &str = "Explain this error";
/// The message command of moderators: what stands in somebody's message is a secret.
pub const LEAKED: &str = "Leaked key";
/// The longest description of a command or option.
const WORDS: usize = 100;
/// The longest label, time or name that a form takes.
const SHORT: u16 = 100;

/// The commands that are there wherever the bot is: those that anyone may ask.
pub fn everywhere() -> Vec<CreateCommand> {
    let open = |command: CreateCommand| {
        command
            .integration_types(vec![InstallationContext::Guild])
            .contexts(vec![InteractionContext::Guild, InteractionContext::BotDm])
    };
    let typed = typed().filter(|spec| spec.role == Role::Anyone);
    let form = |spec: &'static Spec| match spec.name {
        // Shown to whoever manages the server; whether they do is looked at again when it comes.
        "start" => open(form(spec))
            .contexts(vec![InteractionContext::Guild])
            .default_member_permissions(Permissions::MANAGE_GUILD),
        _ => open(form(spec)),
    };
    let mut commands: Vec<CreateCommand> = typed.map(form).collect();
    commands.push(open(CreateCommand::new(EXPLAIN).kind(CommandType::Message)));
    commands
}

/// The commands of a server that belongs to a workspace: all that are about keys, or, where only
/// questions are answered, what an admin sets. Moderators report a leak where keys are watched or
/// messages are looked through.
pub fn of_a_server(watches_keys: bool, guards: bool) -> Vec<CreateCommand> {
    let fits = |spec: &&Spec| spec.role > Role::Anyone && (watches_keys || spec.name == "settings");
    let report = (watches_keys || guards).then(|| {
        // Shown to moderators; whether they are is looked at again when it comes.
        CreateCommand::new(LEAKED)
            .kind(CommandType::Message)
            .default_member_permissions(Permissions::MANAGE_MESSAGES)
    });
    typed().filter(fits).map(form).chain(report).collect()
}

/// Whether a moderator reports the message that is pointed at.
pub fn is_report(data: &CommandData) -> bool {
    data.kind == CommandType::Message && data.name == LEAKED
}

fn typed() -> impl Iterator<Item = &'static Spec> {
    SPECS.iter().filter(|spec| matches!(spec.reach, Reach::Typed(_)))
}

fn form(spec: &'static Spec) -> CreateCommand {
    CreateCommand::new(spec.name)
        .kind(CommandType::ChatInput)
        .description(cut(spec.summary, WORDS))
        .set_options(spec.arguments.iter().map(option).collect())
}

fn option(argument: &Argument) -> CreateCommandOption {
    // What is left out explains itself in /help; what it is must fit.
    let summary = match argument.summary.split_once("; left out") {
        Some((what, _)) if argument.summary.len() > WORDS => what,
        _ => argument.summary,
    };
    let kind = match argument.kind {
        ArgumentKind::Days => CommandOptionType::Integer,
        ArgumentKind::Person => CommandOptionType::User,
        ArgumentKind::Key
        | ArgumentKind::Alert
        | ArgumentKind::Until
        | ArgumentKind::Code
        | ArgumentKind::Text
        | ArgumentKind::Name
        | ArgumentKind::Receiver
        | ArgumentKind::Choice(_) => CommandOptionType::String,
    };
    let option = CreateCommandOption::new(kind, argument.name, cut(summary, WORDS))
        .required(!argument.optional);
    match argument.kind {
        ArgumentKind::Key | ArgumentKind::Alert | ArgumentKind::Name | ArgumentKind::Receiver => {
            option.set_autocomplete(true).max_length(SHORT)
        }
        ArgumentKind::Choice(words) => {
            words.iter().fold(option, |option, word| option.add_string_choice(*word, *word))
        }
        ArgumentKind::Person => option,
        ArgumentKind::Until | ArgumentKind::Code => option.max_length(SHORT),
        ArgumentKind::Text => option.max_length(u16::try_from(LONGEST).unwrap_or(u16::MAX)),
        ArgumentKind::Days => option.min_int_value(1).max_int_value(400),
    }
}

/// The command of a filled-in form; `None` for one that is not (any more) ours.
pub fn command(data: &CommandData) -> Option<Command> {
    if data.kind == CommandType::Message {
        return (data.name == EXPLAIN).then(|| explain(data));
    }
    let spec = Spec::named(&data.name)?;
    let mut given = Given::default();
    for option in &data.options {
        let argument = spec.arguments.iter().find(|argument| argument.name == option.name)?;
        match &option.value {
            CommandDataOptionValue::String(text) => given.put(argument, text),
            CommandDataOptionValue::Integer(number) => given.put(argument, &number.to_string()),
            CommandDataOptionValue::User(person) => given.put(argument, &person.get().to_string()),
            _ => return None,
        }
    }
    match spec.reach {
        Reach::Typed(make) => Some(make(&mut given)),
        Reach::Button => None,
    }
}

/// The text of the message that was pointed at, and of what stands in its embeds.
fn explain(data: &CommandData) -> Command {
    let message = data.resolved.messages.values().next();
    let mut text = message.map(|message| message.content.clone()).unwrap_or_default();
    for embed in message.into_iter().flat_map(|message| &message.embeds) {
        for part in [&embed.title, &embed.description].into_iter().flatten() {
            text.push('\n');
            text.push_str(part);
        }
    }
    let text = commands::whole(&text).to_owned();
    // Without words there is nothing to read: the topics are offered.
    Command::Faq { question: (!text.is_empty()).then_some(text), whom: None }
}

/// The argument that is being filled in, with what is typed so far.
pub fn being_typed(data: &CommandData) -> Option<(ArgumentKind, &str)> {
    let typing = data.autocomplete()?;
    let spec = Spec::named(&data.name)?;
    let argument = spec.arguments.iter().find(|argument| argument.name == typing.name)?;
    Some((argument.kind, typing.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn all() -> Vec<Value> {
        let all = everywhere().into_iter().chain(of_a_server(true, false));
        all.map(|command| serde_json::to_value(command).unwrap()).collect()
    }

    fn read(data: &Value) -> Option<Command> {
        command(&serde_json::from_value(data.clone()).unwrap())
    }

    #[test]
    fn every_typed_command_has_one_form_within_the_limits_of_discord() {
        let all = all();
        assert_eq!(all.len(), typed().count() + 2);
        for command in &all {
            let name = command["name"].as_str().unwrap();
            if command["type"] == 3 {
                assert!(command.get("description").is_none() && command["options"] == json!([]));
                continue;
            }
            assert!(name.bytes().all(|b| b.is_ascii_lowercase()) && name.len() <= 32, "{name}");
            let words = command["description"].as_str().unwrap();
            assert!((1..=100).contains(&words.chars().count()), "{words}");
            for option in command["options"].as_array().unwrap() {
                let words = option["description"].as_str().unwrap();
                assert!((1..=100).contains(&words.chars().count()), "{words}");
                assert!(!words.ends_with('\u{2026}'), "{words}");
                assert!(option["name"].as_str().unwrap().bytes().all(|b| b.is_ascii_lowercase()));
            }
            assert!(command.to_string().chars().count() < 8_000);
        }
        let local: Vec<Value> = of_a_server(true, false)
            .into_iter()
            .map(|command| serde_json::to_value(command).unwrap())
            .collect();
        assert!(local.iter().all(|command| command.get("contexts").is_none()));
    }

    #[test]
    fn a_filled_in_form_is_the_command_that_would_be_typed() {
        let data = json!({"id": "1", "name": "ack", "type": 1, "options": [
            {"name": "alert", "type": 3, "value": "#3"}, {"name": "until", "type": 3, "value": "2h"},
            {"name": "reason", "type": 3, "value": "  asked support "}]});
        assert_eq!(read(&data), Some(crate::commands::parse("/ack #3 2h asked support").unwrap()));
        let days = json!({"id": "1", "name": "upcoming", "type": 1,
            "options": [{"name": "days", "type": 4, "value": 60}]});
        assert_eq!(read(&days), Some(Command::Upcoming { days: Some(60) }));
        for odd in [
            json!({"id": "1", "name": "undo", "type": 1}),
            json!({"id": "1", "name": "nothing", "type": 1}),
            json!({"id": "1", "name": "ack", "type": 1, "options": [{"name": "alert", "type": 5, "value": true}]}),
            json!({"id": "1", "name": "Other", "type": 3, "target_id": "5"}),
        ] {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}

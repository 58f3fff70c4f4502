//! The one table of commands. Parsing, help, the platforms' registration and menus, roles, audit
//! and the README's table are made from it; a new command is a row here and an arm in dispatch.

use super::spec::{Argument, ArgumentKind, Group, Reach, Spec};
use super::{Command, Role};

const fn key(summary: &'static str) -> Argument {
    Argument { name: "key", kind: ArgumentKind::Key, optional: true, summary }
}

/// Every command.
pub const SPECS: &[Spec] = &[
    Spec {
        name: "keystatus",
        reach: Reach::Typed(|given| Command::Keystatus { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[key("the key's label; left out: all keys, worst first")],
        summary: "How the keys are, worst first; one key in detail",
        example: "/keystatus mm-bot-1",
        audit: None,
    },
    Spec {
        name: "check",
        reach: Reach::Typed(|given| Command::Check { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[key("the key's label; left out: the only key that can be asked, or a choice")],
        summary: "Ask the exchange about a key now",
        example: "/check mm-bot-1",
        audit: Some("key.checked"),
    },
    Spec {
        name: "fix",
        reach: Reach::Typed(|given| Command::Fix { key: given.take("key") }),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[key("the key's label, or another; left out: the only key, or a choice")],
        summary: "Why a bot fails, step by step",
        example: "/fix mm-bot-1",
        audit: Some("key.checked"),
    },
    Spec {
        name: "security",
        reach: Reach::Typed(|given| Command::Security { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[key("the key's label; left out: the only key, or all in short")],
        summary: "What is done for a key's safety, what is not, what only you can see",
        example: "/security mm-bot-1",
        audit: None,
    },
    Spec {
        name: "alerts",
        reach: Reach::Typed(|_| Command::Alerts),
        role: Role::Viewer,
        group: Group::Alerts,
        arguments: &[],
        summary: "What is open, and who is on it",
        example: "/alerts",
        audit: None,
    },
    Spec {
        name: "ack",
        reach: Reach::Typed(|given| Command::Ack {
            alert: given.take("alert"),
            until: given.take("until"),
            reason: given.take("reason"),
        }),
        role: Role::Operator,
        group: Group::Alerts,
        arguments: &[
            Argument {
                name: "alert",
                kind: ArgumentKind::Alert,
                optional: true,
                summary: "the alert's number or the key's label; left out: the only alert with nobody on it, or a choice",
            },
            Argument {
                name: "until",
                kind: ArgumentKind::Until,
                optional: true,
                summary: "2h, 90m, 3d, 14:00, tomorrow, mon or 2026-12-01; left out: 8 hours for what is broken, else until the next warning, or 7 days",
            },
            Argument {
                name: "reason",
                kind: ArgumentKind::Text,
                optional: true,
                summary: "why, for the others; left out: none",
            },
        ],
        summary: "Say that you are on it, until a time",
        example: "/ack 3 2h waiting for support",
        audit: Some("alert.acknowledged"),
    },
    Spec {
        name: "why",
        reach: Reach::Typed(|given| Command::Why { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Alerts,
        arguments: &[key("the key's label; left out: the only key, or a choice")],
        summary: "Why a key is as it is, who was told what, and why not",
        example: "/why mm-bot-1",
        audit: None,
    },
    Spec {
        name: "upcoming",
        reach: Reach::Typed(|given| Command::Upcoming {
            days: given.take("days").and_then(|days| days.parse().ok()),
        }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[Argument {
            name: "days",
            kind: ArgumentKind::Days,
            optional: true,
            summary: "how far to look, 1 to 400; left out: 30",
        }],
        summary: "Which keys end soon, and when I warn next",
        example: "/upcoming 60",
        audit: None,
    },
    Spec {
        name: "leaked",
        reach: Reach::Typed(|given| Command::Leaked { key: given.take("key") }),
        role: Role::Anyone,
        group: Group::Keys,
        arguments: &[key("the key's label; left out: the only key, or a choice")],
        summary: "A key is leaked or stolen: what to do now, in order",
        example: "/leaked mm-bot-1",
        audit: None,
    },
    Spec {
        name: "faq",
        reach: Reach::Typed(|given| Command::Faq {
            question: given.take("question"),
            whom: given.take("for"),
        }),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[
            Argument {
                name: "question",
                kind: ArgumentKind::Text,
                optional: true,
                summary: "a question or the last line of an error; left out: the topics",
            },
            Argument {
                name: "for",
                kind: ArgumentKind::Person,
                optional: true,
                summary: "moderators: whom the answer is for; everybody here sees it",
            },
        ],
        summary: "Answers about exchange API keys and their errors",
        example: "/faq 400006 invalid request ip",
        audit: None,
    },
    Spec {
        name: "start",
        reach: Reach::Typed(|given| Command::Start { code: given.take("code") }),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[Argument {
            name: "code",
            kind: ArgumentKind::Code,
            optional: true,
            summary: "what keylapse setup or keylapse invite printed; left out: what I do",
        }],
        summary: "First contact; a code connects this chat",
        example: "/start ABCD-EFGHJ-KMNP",
        audit: None,
    },
    Spec {
        name: "cancel",
        reach: Reach::Typed(|_| Command::Cancel),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[],
        summary: "Leave what is under way",
        example: "/cancel",
        audit: None,
    },
    Spec {
        name: "help",
        reach: Reach::Typed(|given| Command::Help { command: given.take("command") }),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[Argument {
            name: "command",
            kind: ArgumentKind::Name,
            optional: true,
            summary: "one command in detail; left out: all that you can ask",
        }],
        summary: "What you can ask and do here",
        example: "/help ack",
        audit: None,
    },
    Spec {
        name: "privacy",
        reach: Reach::Typed(|_| Command::Privacy),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[],
        summary: "Who runs this, what is stored, who can read it",
        example: "/privacy",
        audit: None,
    },
    Spec {
        name: "notify",
        reach: Reach::Typed(|given| Command::Notify {
            act: given.take("action"),
            receiver: given.take("receiver"),
            from: given.take("from"),
        }),
        role: Role::Admin,
        group: Group::Workspace,
        arguments: &[
            Argument {
                name: "action",
                kind: ArgumentKind::Choice(super::notify::ACTS),
                optional: true,
                summary: "add (this chat), test, edit or remove; left out: the list",
            },
            Argument {
                name: "receiver",
                kind: ArgumentKind::Receiver,
                optional: true,
                summary: "the receiver's name; left out: the only one, or a choice",
            },
            Argument {
                name: "from",
                kind: ArgumentKind::Choice(super::notify::SEVERITIES),
                optional: true,
                summary: "notice, warning or critical; left out: notice",
            },
        ],
        summary: "Who is told here and elsewhere: add, test, edit, remove",
        example: "/notify test desk",
        audit: Some("receiver.changed"),
    },
    Spec {
        name: "settings",
        reach: Reach::Typed(|given| Command::Settings {
            what: given.take("what"),
            value: given.take("value"),
        }),
        role: Role::Admin,
        group: Group::Workspace,
        arguments: &[
            Argument {
                name: "what",
                kind: ArgumentKind::Choice(super::settings::WHAT),
                optional: true,
                summary: "zone, role, chat, faq, gaps or anonymous; left out: everything that is set",
            },
            Argument {
                name: "value",
                kind: ArgumentKind::Text,
                optional: true,
                summary: "the new value, as Europe/Berlin, members viewer, here or on; left out: what is set",
            },
        ],
        summary: "Zone, roles, chats, and where questions are answered",
        example: "/settings zone Europe/Berlin",
        audit: Some("settings.changed"),
    },
    Spec {
        name: "faqgaps",
        reach: Reach::Typed(|_| Command::Faqgaps),
        role: Role::Admin,
        group: Group::Workspace,
        arguments: &[],
        summary: "Which questions had no good answer, counted in the FAQ's own words",
        example: "/faqgaps",
        audit: None,
    },
    button("undo", Role::Operator, "Give an alert back", Some("alert.undone")),
    button("accept", Role::Admin, "Accept a key as it is now", Some("key.accepted")),
    button("replaced", Role::Viewer, "How to tell of a replaced key", None),
    button("reveal", Role::Operator, "The address that the exchange saw", Some("address.revealed")),
    button("show", Role::Viewer, "The alerts of a message, one by one", None),
    button("choose", Role::Anyone, "Which workspace a private chat means", None),
    button("seen", Role::Anyone, "That a test message arrived", None),
    button(
        "watchleaked",
        Role::Operator,
        "Say that a key is leaked, and watch it until it is refused",
        Some("key.leak_watched"),
    ),
    button(
        "notleaked",
        Role::Operator,
        "Say that a key was not leaked after all",
        Some("key.leak_called_off"),
    ),
    button("fixing", Role::Anyone, "The next step of /fix", None),
];

const fn button(
    name: &'static str,
    role: Role,
    summary: &'static str,
    audit: Option<&'static str>,
) -> Spec {
    let group = Group::Alerts;
    Spec { name, reach: Reach::Button, role, group, arguments: &[], summary, example: "", audit }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_key_can_have_the_name_of_a_command() {
        use crate::domain::text::{Label, LabelError};
        for spec in super::super::spec::typed() {
            assert_eq!(Label::parse(spec.name), Err(LabelError::Reserved), "{}", spec.name);
        }
    }
}

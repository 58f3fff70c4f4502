//! The town that Discord's stories happen in: two servers, three channels, four people.

use chrono_tz::Tz;
use keylapse::domain::access::{Grant, Grantee, Role};
use keylapse::domain::receiver::{Address, Platform};
use keylapse::domain::signal::Severity;
use keylapse::domain::text::Clean;
use keylapse::store::workspace::{Described, DescribedReceiver};

use crate::fakes::discord::{APP, Channel, Fake, Guild, NEEDED, Spot};

/// The server of the workspace, and one of strangers.
pub const SERVER: u64 = 1_100_000_000_000_000_001;
pub const FOREIGN: u64 = 1_100_000_000_000_000_002;
/// Two channels that are told, and one of the strangers.
pub const KEYS: u64 = 1_100_000_000_000_000_011;
pub const NIGHT: u64 = 1_100_000_000_000_000_012;
pub const THEIRS: u64 = 1_100_000_000_000_000_013;
/// A thread of each told channel, where a story opens it.
pub const THREAD: u64 = 1_100_000_000_000_000_014;
pub const NIGHT_THREAD: u64 = 1_100_000_000_000_000_015;
/// The role that traders have, and one that manages the server.
pub const TRADERS: u64 = 1_100_000_000_000_000_021;
pub const MANAGERS: u64 = 1_100_000_000_000_000_022;
/// The role that came with the bot.
pub const BOTS: u64 = 1_100_000_000_000_000_023;
/// A trader, a manager, one with nothing, the owner.
pub const TRADER: u64 = 1_100_000_000_000_000_031;
pub const MANAGER: u64 = 1_100_000_000_000_000_032;
pub const NOBODY: u64 = 1_100_000_000_000_000_033;
pub const OWNER: u64 = 1_100_000_000_000_000_034;

/// In the workspace's channel.
pub fn in_server() -> Spot {
    Spot { guild: Some(SERVER), channel: KEYS, installed: true }
}

/// Builds the town.
pub fn populate(fake: &Fake) {
    let mut state = fake.state();
    let guild = |name: &str, server: u64| Guild {
        name: name.to_owned(),
        owner: OWNER,
        // Everybody may look and speak; managers may manage.
        roles: [(server, 1 << 10 | 1 << 11), (TRADERS, 0), (MANAGERS, 1 << 5), (BOTS, NEEDED)]
            .into(),
        members: [
            (APP, vec![BOTS]),
            (TRADER, vec![TRADERS]),
            (MANAGER, vec![MANAGERS]),
            (NOBODY, vec![]),
            (OWNER, vec![]),
        ]
        .into(),
        has_bot: true,
    };
    state.guilds.insert(SERVER, guild("The desk", SERVER));
    state.guilds.insert(FOREIGN, guild("Strangers", FOREIGN));
    for (id, guild) in [(KEYS, SERVER), (NIGHT, SERVER), (THEIRS, FOREIGN)] {
        state.channels.insert(id, Channel { guild, ..Channel::default() });
    }
}

/// Opens the threads.
pub fn open_threads(fake: &Fake) {
    for (id, parent) in [(THREAD, KEYS), (NIGHT_THREAD, NIGHT)] {
        let thread = Channel { guild: SERVER, parent: Some(parent), ..Channel::default() };
        fake.state().channels.insert(id, thread);
    }
}

/// The workspace as the settings say it, telling these channels.
pub fn described(receivers: &[u64]) -> Described {
    let receiver = |channel: &u64| DescribedReceiver {
        name: Clean::new(&format!("channel {channel}"), 64),
        address: Address { platform: Platform::Discord, chat: channel.to_string(), topic: None },
        min_severity: Severity::Notice,
        mention: (*channel == KEYS).then(|| format!("role:{TRADERS}")),
    };
    let traders = Grantee::ServerRole(TRADERS.to_string());
    Described {
        name: Clean::new("Desk", 64),
        zone: Tz::UTC,
        faq_only: false,
        chats: vec![(Platform::Discord, SERVER.to_string())],
        grants: vec![Grant { platform: Platform::Discord, grantee: traders, role: Role::Operator }],
        receivers: receivers.iter().map(receiver).collect(),
    }
}

#[test]
fn the_library_reads_what_the_fake_tells_of_a_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fake = runtime.block_on(Fake::start());
    populate(&fake);
    open_threads(&fake);
    let event = fake.state().guild_event(SERVER);
    let guild: serenity::all::Guild = serde_json::from_value(event).unwrap();
    assert_eq!((guild.channels.len(), guild.threads.len(), guild.roles.len()), (2, 2, 4));
}

//! `keylapse doctor` on the chat platforms: each finding names the receiver, what is missing and
//! what mends it, and nothing is ever sent or heard.

use std::sync::Arc;

use keylapse::clock::{Clock, System};
use keylapse::exchange::simulator::Simulator;
use serde_json::json;

use super::{Host, Said, harmless, lines, simulator};
use crate::fakes::discord::{self, Access};
use crate::fakes::telegram::{self, Status};
use crate::program::put_token;
use crate::stories::discord::town::{self, BOTS, KEYS, NIGHT, SERVER, TRADERS};

const DESK: i64 = -500;
const CLUB: i64 = -501;

struct Ward {
    host: Host,
    /// Ends when it is dropped.
    _exchange: Simulator,
    telegram: telegram::Fake,
    discord: Arc<discord::Fake>,
}

impl Ward {
    async fn new() -> Self {
        let exchange = simulator(&[]).await;
        let clock: Arc<dyn Clock> = Arc::new(System::new());
        let telegram = telegram::Fake::start(clock).await;
        telegram.room(DESK, "supergroup", "Desk");
        telegram.room(CLUB, "supergroup", "Club");
        let discord = discord::Fake::start().await;
        town::populate(&discord);
        let host = Host::new();
        host.configure(&format!(
            "[kucoin]\nbase_url = \"{}\"\n\
             [telegram]\ntoken_file = \"telegram.token\"\napi_url = \"{}\"\n\
             [discord]\ntoken_file = \"discord.token\"\napi_url = \"{}\"\n\
             [[workspace]]\nname = \"Desk\"\ndiscord_server = \"{SERVER}\"\ntelegram_chats = [{DESK}, {CLUB}]\n\
             [[workspace.receiver]]\nplatform = \"telegram\"\nname = \"group\"\nchat = {DESK}\n\
             [[workspace.receiver]]\nplatform = \"telegram\"\nname = \"club\"\nchat = {CLUB}\n\
             [[workspace.receiver]]\nplatform = \"discord\"\nname = \"keys\"\nchannel = \"{KEYS}\"\nmention = \"role:{TRADERS}\"\n\
             [[workspace.receiver]]\nplatform = \"discord\"\nname = \"night\"\nchannel = \"{NIGHT}\"\n",
            exchange.base_url(),
            telegram.url(),
            discord.url()
        ));
        put_token(&host, "telegram.token", telegram::TOKEN);
        put_token(&host, "discord.token", discord::TOKEN);
        Self { host, _exchange: exchange, telegram, discord }
    }

    fn looks(&self) -> Said {
        let host = &self.host;
        let said = tokio::task::block_in_place(|| host.run(&["doctor"]));
        let asked = self.telegram.methods();
        let harmless = ["getMe", "getWebhookInfo", "getChat", "getChatMember"];
        assert!(asked.iter().all(|method| harmless.contains(&method.as_str())), "{asked:?}");
        let state = self.discord.state();
        assert!(state.asked.iter().all(|one| one.method == "GET"), "{:?}", state.asked);
        assert!(state.sockets.is_empty() && state.complaints.is_empty(), "{:?}", state.complaints);
        said
    }

    fn may(&self, channel: u64, access: Access) {
        self.discord.state().channels.get_mut(&channel).expect("the channel").access = access;
    }
}

/// Whether each of these is found, with the mark of how bad it is.
fn holds(said: &Said, mark: char, lines: &[&str]) {
    for line in lines {
        let is_it = |one: &str| one.starts_with(mark) && one.ends_with(line);
        assert!(said.out.lines().any(is_it), "{mark} {line:?} is not in\n{}", said.out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_well_is_said_for_each_receiver() {
    let ward = Ward::new().await;
    ward.discord.state().guilds.get_mut(&SERVER).expect("it").roles.insert(BOTS, 1 << 3);
    let said = ward.looks();
    assert_eq!(said.code, 0, "{said:?}");
    holds(
        &said,
        '●',
        &[
            "Telegram knows this bot as @keylapse_bot.",
            "Desk, group: I can write there (Telegram).",
            "Desk, club: I can write there (Telegram).",
            "Discord knows this bot as keylapse.",
            "Desk, keys: I can write there (Discord).",
            "Desk, night: I can write there (Discord).",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_receiver_that_cannot_be_written_is_named_with_what_is_missing() {
    let ward = Ward::new().await;
    ward.telegram.sits_the_bot(DESK, Status::Restricted { inside: true });
    ward.telegram.sits_the_bot(CLUB, Status::Kicked);
    ward.telegram.webhook("https://other.example/hook");
    ward.telegram.reads_all();
    ward.may(KEYS, Access::NoSend);
    ward.may(NIGHT, Access::NoView);
    ward.discord.state().switches = json!({"interactions_endpoint_url": "https://other.example"});
    let said = ward.looks();
    assert_eq!(said.code, 1, "{said:?}");
    holds(
        &said,
        '✖',
        &[
            "Desk, group: the bot may not write here: let it send messages (the group's Permissions), or make it an administrator.",
            "Desk, club: the bot was removed from that chat; add it there again.",
            "or remove that webhook.",
            "give my role Send Messages and Embed Links there.",
            "give my role View Channel and Send Messages there, or invite me into its server again.",
            "empty that field (Developer Portal, page General Information) and save.",
        ],
    );
    holds(&said, '▲', &["send /setprivacy to @BotFather and choose Enable."]);
    // What is amiss and does not keep a warning from coming is no failure.
    ward.telegram.sits_the_bot(DESK, Status::Member);
    ward.telegram.sits_the_bot(CLUB, Status::Member);
    ward.telegram.webhook("");
    ward.may(KEYS, Access::Full);
    ward.may(NIGHT, Access::NoHistory);
    ward.discord.state().switches = json!({});
    let said = ward.looks();
    assert_eq!(said.code, 0, "{said:?}");
    holds(
        &said,
        '▲',
        &[
            "switch on \"Allow anyone to @mention this role\" for it.",
            "give my role Read Message History there.",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_refuses_does_not_keep_the_others_from_being_looked_at() {
    let ward = Ward::new().await;
    ward.telegram.revoke_token();
    ward.discord.state().guilds.get_mut(&SERVER).expect("the server").has_bot = false;
    let said = ward.looks();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("Telegram refuses this bot's token"), "{said:?}");
    let missing = format!("Desk: the bot is not in the server {SERVER}: invite it with https://");
    assert!(said.out.contains(&missing), "{said:?}");
    assert!(said.out.contains("This clock and KuCoin's agree"), "{said:?}");
    assert!(!said.out.contains(telegram::TOKEN) && !said.err.contains(telegram::TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_on_the_host_does_not_keep_the_rest_from_being_looked_at() {
    let ward = Ward::new().await;
    ward.discord.state().guilds.get_mut(&SERVER).expect("it").roles.insert(BOTS, 1 << 3);
    assert_eq!(ward.host.run(&["key", "list"]).code, 0);
    assert_eq!(ward.looks().code, 0);
    let broken =
        [("master.key", "Line 1 of"), ("keylapse.db", "The database file is not one of keylapse")];
    for (file, why) in broken {
        let path = ward.host.data().join(file);
        let whole = std::fs::read(&path).expect("the file");
        std::fs::write(&path, "hush, this is neither a key nor a database").expect("written");
        let said = ward.looks();
        assert_eq!(said.code, 1, "{said:?}");
        let is_named = |line: &str| line.starts_with('✖') && line.contains(why);
        assert!(said.out.lines().any(is_named), "{why} is not in\n{}", said.out);
        holds(
            &said,
            '●',
            &[
                "Desk, group: I can write there (Telegram).",
                "Desk, club: I can write there (Telegram).",
                "Desk, keys: I can write there (Discord).",
                "Desk, night: I can write there (Discord).",
                "KuCoin says that it is open.",
            ],
        );
        assert!(said.out.contains("MB are left") && said.out.contains("and KuCoin's agree"));
        std::fs::write(&path, whole).expect("written");
    }
    assert_eq!(ward.looks().code, 0, "and nothing was changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_under_which_the_exchange_last_refused_this_machine_is_named() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let host = Host::new();
    host.configure(&format!("[kucoin]\nsite = \"eu\"\nbase_url = \"{}\"\n", exchange.base_url()));
    let added = host.tell(&["key", "add", "--label", "mm-bot-1", "--stdin"], &lines(&key));
    assert_eq!(added.code, 0, "{added:?}");
    let looked = host.run(&["doctor"]);
    assert!(!looked.out.contains("last saw this machine"), "it was never refused: {looked:?}");
    exchange.set_caller("198.51.100.9".parse().expect("an address"));
    host.run(&["key", "test", "mm-bot-1"]);
    let looked = host.run(&["doctor"]);
    let line =
        "KuCoin last saw this machine as 198.51.100.9: keys with an address list must name it.";
    holds(&looked, '●', &[line, "KuCoin EU says that it is open."]);
    assert!(looked.out.contains("This clock and KuCoin EU's agree"), "{looked:?}");
    exchange.shutdown().await;
}

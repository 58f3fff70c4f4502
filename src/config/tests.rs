use std::os::unix::fs::PermissionsExt;

use chrono_tz::Tz;

use super::*;
use crate::domain::facts::Site;
use crate::domain::signal::Severity;

struct Place {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Place {
    fn new(env: &[(&str, &str)]) -> Self {
        let env = env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Self { dir: tempfile::tempdir().unwrap(), env }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn host(&self) -> Host {
        let data_dir = Some(self.dir.path().to_owned());
        Host { data_dir, zone: Some("Europe/Berlin".to_owned()) }
    }

    fn load(&self, flags: &Flags) -> Result<Config, Problems> {
        load(flags, &self.env, &self.host())
    }

    /// The problems' text with the folder's name replaced.
    fn said(&self, flags: &Flags) -> String {
        let said = self.load(flags).err().map(|problems| problems.to_string()).unwrap_or_default();
        said.replace(&self.dir.path().display().to_string(), "DIR")
    }
}

fn from_text(text: &str) -> Result<Config, Problems> {
    let place = Place::new(&[]);
    place.write(FILE_NAME, text, 0o600);
    place.load(&Flags::default())
}

const FULL: &str = r#"
[database]
url = "postgres://bot:hunter2@db.example.com/keylapse?sslmode=verify-full"

[vault]
key_file = "/etc/keylapse/master.key"
allow_readable = false

[access]
enrol = "invite"

[kucoin]
site = "eu"

[schedule]
check = "every 10 min"

[alerts]
morning = "08:30"
expiry_days = [7, 30, 1, 7]
old_key_days = 180

[ops]
listen = "0.0.0.0:9000"
allow_remote = true

[[workspace]]
name = "Desk"
zone = "america/new_york"

[[workspace.receiver]]
platform = "console"
name = "night"
min_severity = "critical"

[[workspace]]
name = "Lab"
"#;

#[test]
fn a_full_file_is_understood() {
    let config = from_text(FULL).ok().unwrap();
    assert_eq!(config.kucoin.site, Site::Eu);
    assert_eq!(config.kucoin.base_url(Site::Eu), "https://api.kucoin.eu");
    assert_eq!(config.check.as_str(), "every 10 min");
    assert_eq!(config.alerts.morning, Morning { hour: 8, minute: 30 });
    assert_eq!(config.alerts.expiry_days, [30, 7, 1]);
    assert_eq!(config.alerts.old_key_days, 180);
    assert_eq!(config.enrol, Enrol::Invite);
    assert_eq!(config.ops.listen.unwrap().port(), 9000);
    let [desk, lab] = &config.workspaces[..] else { panic!() };
    assert_eq!((desk.zone, lab.zone), (Tz::America__New_York, Tz::Europe__Berlin));
    assert_eq!(desk.receivers[0].min_severity, Severity::Critical);
    assert!(config.database.url().expose().contains("hunter2"));
    let shown = describe(&config);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("[database] url = postgres://bot:***@db.example.com/keylapse?sslmode=verify-full  (file)"), "{shown}");
    assert!(shown.contains("[[workspace]] Desk = zone America/New_York, tells night (console, from critical)  (file)"), "{shown}");
}

#[test]
fn without_a_file_everything_has_a_default() {
    let place = Place::new(&[("PATH", "/bin"), ("KEYLAPSE_LOG", "info")]);
    let config = place.load(&Flags::default()).ok().unwrap();
    let shown = describe(&config).replace(&place.dir.path().display().to_string(), "DIR");
    assert_eq!(
        shown,
        "Settings file: none (there is no keylapse.toml in the data folder)
[data] dir = DIR  (default)
[vault] key_file = DIR/master.key  (default)
[vault] allow_readable = false  (default)
[database] url = sqlite://DIR/keylapse.db  (default)
[discord] allow_custom_endpoint = false  (default)
[discord] guard_channels = false  (default)
[telegram] allow_custom_endpoint = false  (default)
[telegram] guard_channels = false  (default)
[access] enrol = configured  (default)
[access] operator = not told  (default)
[kucoin] site = global  (default)
[kucoin] allow_custom_endpoint = false  (default)
[kucoin] base_url = https://api.kucoin.com  (default)
[schedule] check = every 5 min  (default)
[alerts] morning = 09:00  (default)
[alerts] expiry_days = 30, 14, 7, 3, 1  (default)
[alerts] old_key_days = 365  (default)
[alerts] drop_on_gain = false  (default)
[knowledge] dir = none  (default)
[ops] allow_remote = false  (default)
[ops] listen = off  (default)
[[workspace]] home = zone Europe/Berlin, tells console (console, from notice)  (this computer)
"
    );
    let nowhere = load(&Flags::default(), &[], &Host::default()).err().unwrap();
    assert_eq!(
        nowhere.to_string(),
        "Data folder: this computer has no place for one: start with --data."
    );
}

/// What stands in the file, and what is said about it.
const BAD: &[(&str, &str)] = &[
    ("[kucion]", "[kucion]: there is no such section: did you mean kucoin?"),
    (
        "[zzz]",
        "[zzz]: there is no such section: use data, database, vault, access, kucoin, discord, telegram, schedule, alerts, knowledge, ops or workspace.",
    ),
    ("kucoin = 1", "[kucoin]: this is a section: write its settings below it."),
    (
        "[kucoin]\nbase_ulr = \"x\"",
        "[kucoin] base_ulr: there is no such setting: did you mean base_url?",
    ),
    ("[kucoin]\nsite = \"europe\"", "[kucoin] site: there is no such site: did you mean eu?"),
    ("[kucoin]\nsite = 1", "[kucoin] site: write a text in quotes."),
    (
        "[kucoin]\nbase_url = \"api.kucoin.com\"",
        "[kucoin] base_url: this is no URL: write https://HOST, for example https://api.kucoin.com.",
    ),
    (
        "[kucoin]\nbase_url = \"http://api.kucoin.com\"",
        "[kucoin] base_url: keys are sent over https only: write https:// instead.",
    ),
    (
        "[kucoin]\nbase_url = \"https://u:p@api.kucoin.com\"",
        "[kucoin] base_url: write scheme and host only, for example https://api.kucoin.com.",
    ),
    (
        "[kucoin]\nbase_url = \"https://api.kucoin.com.evil.example\"",
        "[kucoin] base_url: this is no host of KuCoin and would be sent your keys: remove it, or set allow_custom_endpoint = true below it.",
    ),
    (
        "[kucoin]\nbase_url = \"https://api.kucoin.com:444\"",
        "[kucoin] base_url: this is no host of KuCoin and would be sent your keys: remove it, or set allow_custom_endpoint = true below it.",
    ),
    (
        "[data]\ndir = \"/x\"",
        "[data] dir: only a file named with --config can set the data folder: remove it, or start with --data.",
    ),
    (
        "[database]\nurl = \"mysql://x\"",
        "[database] url: write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.",
    ),
    (
        "[database]\nurl = \"sqlite::memory:\"",
        "[database] url: name a file, for example sqlite:keylapse.db.",
    ),
    (
        "[database]\nurl = \"sqlite:x?mode=ro\"",
        "[database] url: keylapse sets SQLite's options itself: remove ? and what follows.",
    ),
    (
        "[vault]\nallow_readable = \"yes\"",
        "[vault] allow_readable: write true or false, without quotes.",
    ),
    ("[access]\nenrol = \"opn\"", "[access] enrol: there is no such way: did you mean open?"),
    (
        "[schedule]\ncheck = \"every 7 min\"",
        "[schedule] check: \"every 7 min\" does not divide an hour evenly: write \"every 6 min\".",
    ),
    (
        "[alerts]\nmorning = \"9 am\"",
        "[alerts] morning: write hours and minutes, for example 09:00.",
    ),
    (
        "[alerts]\nmorning = \"24:00\"",
        "[alerts] morning: write hours and minutes, for example 09:00.",
    ),
    (
        "[alerts]\nexpiry_days = []",
        "[alerts] expiry_days: write one to ten numbers of 1 to 3650 days.",
    ),
    (
        "[alerts]\nexpiry_days = [0]",
        "[alerts] expiry_days: write one to ten numbers of 1 to 3650 days.",
    ),
    (
        "[alerts]\nexpiry_days = [\"7\"]",
        "[alerts] expiry_days: write a list of whole numbers, for example [30, 14, 7].",
    ),
    ("[alerts]\nold_key_days = -1", "[alerts] old_key_days: write a number of 1 to 3650 days."),
    (
        "[alerts]\nold_key_days = 1.5",
        "[alerts] old_key_days: write a whole number, without quotes.",
    ),
    (
        "[ops]\nlisten = \"9733\"",
        "[ops] listen: write an address with a port, for example 127.0.0.1:9733, or off.",
    ),
    (
        "[ops]\nlisten = \"0.0.0.0:1\"",
        "[ops] listen: other machines could read it there: use 127.0.0.1, or set allow_remote = true.",
    ),
    (
        "[discord]\ntoken = \"x\"",
        "[discord] token: this is not the shape of a bot's token: copy it again from the Developer Portal, Bot, Reset Token.",
    ),
    (
        "[telegram]\ntoken = \"12:short\"",
        "[telegram] token: this is not the shape of a bot's token: copy it again from @BotFather.",
    ),
    ("telegram = 3", "[telegram]: this is a section: write its settings below it."),
    (
        "[telegram]\napi_url = \"https://evil.example\"",
        "[telegram] api_url: this host would be sent the bot's token: remove it, or name it in the file with allow_custom_endpoint = true below it.",
    ),
    (
        "[telegram]\napi_url = \"http://10.0.0.1\"",
        "[telegram] api_url: a token is sent over https only: write https:// instead.",
    ),
    (
        "[discord]\nresolve = \"203.0.113.9:443\"",
        "[discord] resolve: only a loopback address can stand in for Discord, unless allow_custom_endpoint = true stands in the same section of the file.",
    ),
    (
        "[discord]\nca_file = \"gone.pem\"",
        "[discord] ca_file: the file cannot be read (no such file or directory).",
    ),
    (
        "[[workspace]]\nname = \"a\"\ndiscord_server = \"general\"",
        "[[workspace]] 1 discord_server: write Discord's number in quotes (Developer Mode, Copy ID).",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.grant]]\nplatform = \"telegram\"\nrole = \"boss\"\nmembers = true",
        "[[workspace]] 1 grant 1 role: there is no such role: use viewer, operator or admin.",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.grant]]\nplatform = \"telegram\"\nrole = \"admin\"",
        "[[workspace]] 1 grant 1: say to whom with one of person = \"NUMBER\", server_role = \"NUMBER\" (Discord) or members = true.",
    ),
    (
        "[workspace]\nname = \"a\"",
        "[[workspace]]: write it in double brackets: there can be several.",
    ),
    (
        "[[workspace]]\nzone = \"UTC\"",
        "[[workspace]] 1 name: it is missing: write name = \"desk\".",
    ),
    ("[[workspace]]\nname = 1", "[[workspace]] 1 name: write a text in quotes."),
    (
        "[[workspace]]\nname = \"a\\u200bb\"",
        "[[workspace]] 1 name: write 1 to 40 visible characters, without blanks at the ends.",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace]]\nname = \"A\"",
        "[[workspace]] 2 name: two workspaces have this name: choose another.",
    ),
    (
        "[[workspace]]\nname = \"a\"\nzone = \"Europe/Berln\"",
        "[[workspace]] 1 zone: there is no such time zone: did you mean Europe/Berlin?",
    ),
    (
        "[[workspace]]\nname = \"a\"\nzone = \"new york\"",
        "[[workspace]] 1 zone: there is no such time zone: did you mean America/New_York?",
    ),
    (
        "[[workspace]]\nname = \"a\"\nzome = \"UTC\"",
        "[[workspace]] 1 zome: there is no such setting: did you mean zone?",
    ),
    (
        "[[workspace]]\nname = \"a\"\nreceiver = 1",
        "[[workspace]] 1 receiver: write [[workspace.receiver]] in double brackets.",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.receiver]]",
        "[[workspace]] 1 receiver 1 platform: it is missing: write platform = \"discord\", \"telegram\" or \"console\".",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.receiver]]\nplatform = \"discord\"",
        "[[workspace]] 1 receiver 1 channel: it is missing: write the number of a channel or thread.",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.receiver]]\nplatform = \"consol\"",
        "[[workspace]] 1 receiver 1 platform: there is no such platform: did you mean console?",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.receiver]]\nplatform = \"console\"\nmin_severity = \"warn\"",
        "[[workspace]] 1 receiver 1 min_severity: there is no such severity: did you mean warning?",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.receiver]]\nplatform = \"telegram\"\nname = \"b\"\nchat = 5\nmention = \"@ann\"",
        "[[workspace]] 1 receiver 1 mention: write one @name of 4 to 32 letters, digits and _.",
    ),
    (
        "[[workspace]]\nname = \"a\"\n[[workspace.receiver]]\nplatform = \"console\"\nchannel = \"x\"",
        "[[workspace]] 1 receiver 1 channel: there is no such setting: use platform, name or min_severity.",
    ),
];

#[test]
fn an_unknown_name_that_may_be_a_token_is_not_repeated() {
    let (telegram, number) = ("123456789:AAabcdefghijklmnopqrstuvwxyz0123456", "12345678");
    let long = "a".repeat(41);
    for name in [telegram, number, "x-123456789", "zoné", "two words", &long] {
        for text in [
            format!("[telegram]\n\"{name}\" = 1"),
            format!("[\"{name}\"]"),
            format!("[[workspace]]\nname = \"a\"\n\"{name}\" = 1"),
        ] {
            let said = from_text(&text).err().unwrap().to_string();
            assert!(said.contains("a name that is not shown here"), "{text}: {said}");
            assert!(!said.contains(name), "{text}: {said}");
        }
    }
    for name in ["tokn_1234567", "a.b-C", &long[1..]] {
        let said = from_text(&format!("[telegram]\n\"{name}\" = 1")).err().unwrap().to_string();
        assert!(said.contains(&format!("[telegram] {name}: there is no such")), "{said}");
    }
}

#[test]
fn each_bad_setting_has_its_sentence() {
    for (text, sentence) in BAD {
        let said = from_text(text).err().map(|problems| problems.to_string()).unwrap_or_default();
        assert_eq!(said, *sentence, "{text}");
    }
}

#[test]
fn a_database_elsewhere_must_prove_its_name() {
    let prove = "the server is another machine and must prove its name: add ?sslmode=verify-full.";
    let table = [
        ("postgres://u:p@localhost/k", ""),
        ("postgresql://u@127.0.0.2:5433/k", ""),
        ("postgres://u:p@[::1]/k", ""),
        ("postgres://%2Frun%2Fpostgresql/k", ""),
        ("postgres:///k?host=/run/postgresql", ""),
        ("postgres://u:p@db/k?ssl-mode=VERIFY-FULL", ""),
        ("postgres://u:p@db/k", prove),
        ("postgres://u:p@db/k?sslmode=require", prove),
        ("postgres://u:p@db/k?sslmode=verify-ca", prove),
        ("postgres://u:p@localhost.example/k", prove),
        ("postgres://u:p@db/k?host=/run/postgresql", prove),
        (
            "postgres://u:p@localhost/k?host=db",
            "host= takes the folder of a socket: write the server's name after @.",
        ),
        (
            "postgres://u:p@db/k?sslmode=verify-full&ssl-mode=disable",
            "sslmode is set twice: keep one.",
        ),
        ("postgres:///k", "it names no server: write localhost, or add ?host=/run/postgresql."),
        (
            "postgres://u:p@db:port/k",
            "the URL cannot be read: write postgres://USER:PASSWORD@HOST/NAME, with %40 for an @ in the password.",
        ),
    ];
    for (url, sentence) in table {
        let got = Database::parse(url.to_owned().into(), Path::new("/d"));
        assert_eq!(got.err().unwrap_or_default(), sentence, "{url}");
    }
    for parameter in ["hostaddr=10.0.0.1", "Password=x", "options=x"] {
        let url = format!("postgres://u@localhost/k?{parameter}");
        let said = Database::parse(url.into(), Path::new("/d")).err().unwrap();
        assert!(said.starts_with("it holds a parameter that is not known: use sslmode,"), "{said}");
    }
}

#[test]
fn no_password_is_ever_shown() {
    for url in [
        "postgres://u:hunter2@localhost/k",
        "postgres://u@localhost/k?password=hunter2",
        "postgres://u:hunter2@localhost/k?password=hunter2&application_name=x#hunter2",
        "postgres:///k?host=/run&password=hunter2",
        "postgres://:hunter2@localhost/k",
    ] {
        let shown = Database::parse(url.to_owned().into(), Path::new("/d")).ok().unwrap().shown();
        assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
    }
    for bad in ["postgres://u:hunter2@db/k", "postgres://u:hunter2@db:x/k", "hunter2"] {
        let said = from_text(&format!("[database]\nurl = \"{bad}\"")).err().unwrap();
        assert!(!said.to_string().contains("hunter2"), "{said}");
    }
    let said = from_text("[database]\nurl = \"hunter2").err().unwrap().to_string();
    assert!(said.contains("line 2: this is not TOML") && !said.contains("hunter2"), "{said}");
}

#[test]
fn every_problem_is_reported_at_once() {
    let place = Place::new(&[
        ("KEYLAPSE_KUCOIN__STIE", "eu"),
        ("KEYLAPSE_ALERTS__EXPIRY_DAYS", "7, x"),
        ("KEYLAPSE_DATA__DIR", "/x"),
        ("KEYLAPSE_KUCOIN__ALLOW_CUSTOM_ENDPOINT", "true"),
        ("KEYLAPSE_DISCORD__TOKEN", "hunter2"),
        ("KEYLAPSE_WORKSPACE__NAME", "x"),
        ("KEYLAPSE_TEST_POSTGRES", "x"),
        ("KEYLAPSE_QQ", "x"),
    ]);
    place.write(
        FILE_NAME,
        "[acess]\n[ops]\nlisten = \"x\"\n[schedule]\ncheck = \"0 0 30 2 *\"",
        0o602,
    );
    assert_eq!(
        place.said(&Flags::default()),
        "Settings file: DIR/keylapse.toml can be changed by others (mode 602): run chmod 600 on it.
[acess]: there is no such section: did you mean access?
KEYLAPSE_KUCOIN__STIE: no setting has this name: did you mean KEYLAPSE_KUCOIN__SITE?
KEYLAPSE_ALERTS__EXPIRY_DAYS: write whole numbers with commas, for example 30,14,7.
KEYLAPSE_DATA__DIR: the environment cannot set the data folder: start with --data.
KEYLAPSE_KUCOIN__ALLOW_CUSTOM_ENDPOINT: only the settings file can allow another endpoint: set it there, in [kucoin].
KEYLAPSE_WORKSPACE__NAME: workspaces are set in the file only: write [[workspace]] there.
KEYLAPSE_QQ: no setting has this name: unset it, or write KEYLAPSE_SECTION__FIELD.
KEYLAPSE_DISCORD__TOKEN: this is not the shape of a bot's token: copy it again from the Developer Portal, Bot, Reset Token.
[schedule] check: \"0 0 30 2 *\" never fires, because no such day exists: change the day or the month.
[ops] listen: write an address with a port, for example 127.0.0.1:9733, or off."
    );
}

#[test]
fn the_environment_overrides_the_file() {
    let place = Place::new(&[
        ("KEYLAPSE_KUCOIN__SITE", "tr"),
        ("KEYLAPSE_KUCOIN__BASE_URL", "http://127.0.0.1:9/"),
        ("KEYLAPSE_ALERTS__EXPIRY_DAYS", "7, 2"),
        ("KEYLAPSE_ALERTS__MORNING", ""),
        ("KEYLAPSE_DATABASE__URL", "sqlite:other.db"),
        ("KEYLAPSE_VAULT__ALLOW_READABLE", "true"),
    ]);
    let file =
        "[kucoin]\nsite = \"eu\"\n[alerts]\nmorning = \"7:15\"\n[database]\nurl_file = \"gone\"";
    place.write(FILE_NAME, file, 0o644);
    let config = place.load(&Flags::default()).ok().unwrap();
    assert_eq!(config.kucoin.site, Site::Tr);
    assert_eq!(config.kucoin.trusted, Trusted::Loopback);
    assert_eq!(config.kucoin.base_url(Site::Tr), "http://127.0.0.1:9");
    assert_eq!(config.alerts.expiry_days, [7, 2]);
    assert_eq!(config.alerts.morning, Morning { hour: 7, minute: 15 });
    assert!(config.vault.trust.everywhere);
    assert!(config.database.url().expose().ends_with("/other.db"));
    let shown = describe(&config);
    assert!(shown.contains("[kucoin] base_url = http://127.0.0.1:9 TEST ENDPOINT  (environment)"));
    assert!(shown.contains("[alerts] morning = 07:15  (file)"));
}

#[test]
fn another_endpoint_is_named_and_allowed_in_the_file() {
    let custom = "[kucoin]\nallow_custom_endpoint = true\nbase_url = \"https://proxy.example\"";
    assert_eq!(from_text(custom).ok().unwrap().kucoin.trusted, Trusted::Custom);
    let place = Place::new(&[("KEYLAPSE_KUCOIN__BASE_URL", "https://proxy.example")]);
    place.write(FILE_NAME, "[kucoin]\nallow_custom_endpoint = true", 0o600);
    assert_eq!(
        place.said(&Flags::default()),
        "KEYLAPSE_KUCOIN__BASE_URL: a host that is not KuCoin's can be named in the settings file only: write it there."
    );
    let official = "[kucoin]\nbase_url = \"https://API.kucoin.com:443/\"";
    assert_eq!(from_text(official).ok().unwrap().kucoin.trusted, Trusted::Official);
}

#[test]
fn a_file_that_a_group_can_change_is_refused_without_any_secret_in_it() {
    let place = Place::new(&[]);
    for (mode, begins) in [(0o660, "mode 660"), (0o620, "mode 620"), (0o646, "mode 646")] {
        place.write(FILE_NAME, "[kucoin]\nsite = \"eu\"", mode);
        assert_eq!(
            place.said(&Flags::default()),
            format!(
                "Settings file: DIR/keylapse.toml can be changed by others ({begins}): run chmod 600 on it."
            )
        );
    }
    place.write(FILE_NAME, "[kucoin]\nsite = \"eu\"", 0o644);
    assert!(place.load(&Flags::default()).is_ok());
}

#[test]
fn whoever_runs_it_may_say_who_they_are() {
    let of = |text: &str| from_text(&format!("[access]\noperator = \"{text}\""));
    let config = of("the desk,\\u202E  desk@example.com").ok().unwrap();
    assert_eq!(config.operator.as_ref().unwrap().as_str(), "the desk, desk@example.com");
    assert!(describe(&config).contains("[access] operator = the desk, desk@example.com  (file)"));
    assert_eq!(of("  ").ok().unwrap().operator, None);
    assert_eq!(of(&"x".repeat(100)).ok().unwrap().operator.unwrap().as_str().len(), 100);
    let said = |text: &str| of(text).err().unwrap().to_string();
    assert_eq!(
        said(&"x".repeat(101)),
        "[access] operator: write at most 100 characters: a name and how to reach you."
    );
    assert_eq!(
        said("6705f5c311545b000157d3eb"),
        "[access] operator: that looks like a key or secret, and everybody can read this text."
    );
}

#[test]
fn a_password_needs_a_private_file() {
    let place = Place::new(&[]);
    let url = "postgres://u:hunter2@localhost/k";
    place.write(FILE_NAME, format!("[database]\nurl = \"{url}\""), 0o640);
    assert_eq!(
        place.said(&Flags::default()),
        "[database] url: the password is in a file that must be private: DIR/keylapse.toml can be read by others (mode 640): run chmod 600 on it, or set [vault] allow_readable = true if that is on purpose."
    );
    place.write(FILE_NAME, "[database]\nurl_file = \"db.url\"", 0o644);
    assert_eq!(
        place.said(&Flags::default()),
        "[database] url_file: DIR/db.url does not exist: create it, or name another file."
    );
    place.write("db.url", format!("{url}\n"), 0o600);
    let config = place.load(&Flags::default()).ok().unwrap();
    assert_eq!(config.database.url().expose(), url);
    place.write(FILE_NAME, format!("[database]\nurl_file = \"db.url\"\nurl = \"{url}\""), 0o600);
    assert_eq!(
        place.said(&Flags::default()),
        "[database] url_file: url is set as well: keep one of the two."
    );
}

#[test]
fn the_data_folder_comes_from_the_flag_the_named_file_or_the_computer() {
    let place = Place::new(&[]);
    let config = Some(place.write("my.toml", "[data]\ndir = \"state\"", 0o600));
    let flags = Flags { config, data: None };
    assert_eq!(place.load(&flags).ok().unwrap().data_dir, place.dir.path().join("state"));
    let flags = Flags { data: Some("/elsewhere".into()), ..flags };
    let loaded = place.load(&flags).ok().unwrap();
    assert_eq!(loaded.data_dir, Path::new("/elsewhere"));
    assert_eq!(loaded.vault.key_file, Path::new("/elsewhere/master.key"));
    assert!(describe(&loaded).contains("[data] dir = /elsewhere  (command line)"));
}

#[test]
fn a_file_that_is_no_settings_file_is_refused() {
    let place = Place::new(&[]);
    let named = |name: &str| Flags { config: Some(place.dir.path().join(name)), data: None };
    assert_eq!(
        place.said(&named("gone.toml")),
        "Settings file: DIR/gone.toml does not exist: create it, or name another file."
    );
    assert_eq!(
        place.said(&named("")).replace("DIR/", "DIR"),
        "Settings file: DIR is a folder, not a regular file: name a file."
    );
    place.write("big.toml", vec![b'#'; 1024 * 1024 + 1], 0o600);
    assert_eq!(
        place.said(&named("big.toml")),
        "Settings file: DIR/big.toml is larger than 1048576 bytes: this is not the file that is meant."
    );
    place.write("latin.toml", b"# caf\xe9", 0o600);
    assert_eq!(
        place.said(&named("latin.toml")),
        "DIR/latin.toml: the file is not UTF-8 text: save it as UTF-8."
    );
    place.write("bad.toml", "[ops]\nlisten = off", 0o600);
    assert_eq!(
        place.said(&named("bad.toml")),
        "DIR/bad.toml line 2: this is not TOML: write FIELD = VALUE below a [section], texts in quotes."
    );
}

//! Typed settings, one struct per concern: the file `keylapse.toml`, the environment over it,
//! flags over both. Everything that is wrong is reported at once, unknown names with the nearest
//! known one. Secrets are never repeated and no struct with one has a Debug.

mod database;
mod endpoint;
mod fields;
mod grant;
mod places;
mod platform;
mod problem;
mod reader;
mod receiver;
mod sections;
mod source;
#[cfg(test)]
mod tests;
mod workspace;

use std::path::{Path, PathBuf};

pub use database::Database;
pub use endpoint::{Kucoin, Trusted, official};
pub use places::{FILE_NAME, Flags, Host, data_dir, environment};
pub use platform::{Api, Discord, Telegram};
pub use problem::{Problem, Problems, nearest};
pub use reader::Setting;
pub use receiver::Receiver;
pub use sections::{Alerts, Enrol, Morning, Ops, VaultFile};
pub use source::Origin;
pub use workspace::Workspace;

use crate::domain::schedule::Schedule;
use crate::domain::text::Clean;
use crate::private_file::{self, FileFault, Trust};
use places::{Found, absolute, resolve};
use reader::Reader;
use source::{Raw, gather_environment, gather_file};

/// Every effective setting.
#[derive(Clone)]
pub struct Config {
    /// The data folder, absolute; not yet made.
    pub data_dir: PathBuf,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// Where rows are kept.
    pub database: Database,
    /// Where the master key is.
    pub vault: VaultFile,
    /// Who may begin to use the bot.
    pub enrol: Enrol,
    /// Who runs the bot and how to reach them.
    pub operator: Option<Clean>,
    /// Which KuCoin is asked.
    pub kucoin: Kucoin,
    /// How Discord is reached; `None` = not used.
    pub discord: Option<Discord>,
    /// How Telegram is reached; `None` = not used.
    pub telegram: Option<Telegram>,
    /// When keys are checked.
    pub check: Schedule,
    /// When people are told.
    pub alerts: Alerts,
    /// Where the operator's own FAQ entries lie; `None` = there are none.
    pub knowledge: Option<PathBuf>,
    /// Health and metrics.
    pub ops: Ops,
    /// The tenants that the file names, or `home`; never empty.
    pub workspaces: Vec<Workspace>,
    /// What `check-config` lists.
    pub settings: Vec<Setting>,
}

/// Reads all settings. `env` comes from [`environment`]; only names of ours are looked
/// at, and `CREDENTIALS_DIRECTORY`.
pub fn load(flags: &Flags, env: &[(String, String)], host: &Host) -> Result<Config, Problems> {
    let mut problems = Problems::default();
    let mut raw = Raw::default();
    let found = places::read_file(flags, host, &mut problems);
    let mut file = None;
    if let Some(Found { path, table, stat }) = found {
        gather_file(&mut raw, table, flags.config.is_some(), &mut problems);
        file = Some((path, stat));
    }
    gather_environment(&mut raw, env, &mut problems);
    let mut reader = Reader { raw, problems, settings: Vec::new() };

    let folder = file.as_ref().and_then(|(path, _)| path.parent());
    let Some(data_dir) = read_data_dir(&mut reader, flags, folder, host) else {
        reader
            .problems
            .add("Data folder", "this computer has no place for one: start with --data.");
        return Err(reader.problems);
    };
    let vault = sections::vault(&mut reader, &data_dir);
    let credentials = env.iter().find(|(name, _)| name == "CREDENTIALS_DIRECTORY");
    let trust = Trust::new(credentials.map(|(_, dir)| dir.as_str()), vault.allow_readable);
    let (database, exposed) = database::read(&mut reader, &data_dir, &trust);
    let (discord, discord_inline) = platform::discord(&mut reader, &data_dir, &trust);
    let (telegram, telegram_inline) = platform::telegram(&mut reader, &data_dir, &trust);
    let inline = [
        (exposed, "[database] url", "the password"),
        (discord_inline, "[discord] token", "the token"),
        (telegram_inline, "[telegram] token", "the token"),
    ];
    for (_, place, what) in inline.into_iter().filter(|(is_inline, ..)| *is_inline) {
        if let Some((path, stat)) = &file
            && let Err(fault @ FileFault::Readable(..)) =
                private_file::judge(path, *stat, private_file::this_user(), &trust)
        {
            // Owner and writers were judged when it was read.
            let sentence = format!("{what} is in a file that must be private: {fault}");
            reader.problems.add(place, sentence);
        }
    }
    let config = Config {
        database,
        vault: VaultFile { trust, ..vault },
        enrol: sections::enrol(&mut reader),
        operator: sections::operator(&mut reader),
        kucoin: endpoint::read(&mut reader),
        discord,
        telegram,
        check: sections::check(&mut reader),
        alerts: sections::alerts(&mut reader),
        knowledge: sections::knowledge(&mut reader, &data_dir),
        ops: sections::ops(&mut reader),
        workspaces: workspace::read(&mut reader, host.zone.as_deref()),
        settings: reader.settings,
        file: file.map(|(path, _)| path),
        data_dir,
    };
    if reader.problems.0.is_empty() { Ok(config) } else { Err(reader.problems) }
}

fn read_data_dir(
    reader: &mut Reader,
    flags: &Flags,
    file_folder: Option<&Path>,
    host: &Host,
) -> Option<PathBuf> {
    let told = reader.text("data", "dir").map(|told| told.value);
    let configured = told.map(|dir| resolve(&dir, file_folder.unwrap_or(Path::new("."))));
    let (dir, origin) = data_dir(flags.data.as_deref(), configured, host.data_dir.as_deref())?;
    reader.note("[data] dir", dir.display(), origin);
    Some(absolute(&dir))
}

impl Config {
    /// The name of the file that names the workspaces; `None` = no file does.
    pub fn named_in(&self) -> Option<Clean> {
        let is_named =
            |one: &Setting| one.origin == Origin::File && one.name.starts_with("[[workspace]]");
        let file = self.file.as_ref().filter(|_| self.settings.iter().any(is_named))?;
        Some(Clean::new(&file.file_name()?.to_string_lossy(), 60))
    }
}

/// What `check-config` prints: every effective setting, masked, with who set it.
pub fn describe(config: &Config) -> String {
    let file = match &config.file {
        Some(path) => path.display().to_string(),
        None if !config.data_dir.exists() => format!(
            "none (there is no folder {} yet; keylapse setup makes it)",
            config.data_dir.display()
        ),
        None => format!("none (there is no {FILE_NAME} in the data folder)"),
    };
    let lines = config
        .settings
        .iter()
        .map(|Setting { name, shown, origin }| format!("{name} = {shown}  ({origin})\n"));
    std::iter::once(format!("Settings file: {file}\n")).chain(lines).collect()
}

/// Whether a host of a URL is this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

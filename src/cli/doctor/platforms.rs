//! What `doctor` finds on the chat platforms: whose token it is, and for each receiver whether the
//! bot could write there. Sends nothing, hears nothing; a platform that does not answer is a
//! finding like any other.

use std::sync::Arc;

use super::{Finding, broken, fine, soon};
use crate::chat::discord::{self, Known, When};
use crate::chat::telegram;
use crate::cli::platforms::{discord_settings, guards_discord, telegram_settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::receiver::{Address, Platform};

/// Somebody who is told.
pub struct Told {
    /// The name of the workspace.
    pub workspace: String,
    /// The name of the receiver.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Who is called there.
    pub mention: Option<String>,
}

/// Looks at every platform that is configured or told something.
pub async fn look(config: &Config, clock: &Arc<dyn Clock>, told: &[Told]) -> Vec<Finding> {
    let mut found = telegram(config, &of(told, Platform::Telegram)).await;
    found.extend(discord(config, clock, &of(told, Platform::Discord)).await);
    found
}

fn of(told: &[Told], platform: Platform) -> Vec<&Told> {
    told.iter().filter(|one| one.address.platform == platform).collect()
}

async fn telegram(config: &Config, told: &[&Told]) -> Vec<Finding> {
    let Some(settings) = telegram_settings(config) else {
        return without_token(Platform::Telegram, told);
    };
    let bot = match telegram::whoami(&settings).await {
        Ok(bot) => bot,
        Err(why) => return vec![broken(why)],
    };
    let name = &bot.username;
    let mut found = vec![fine(format!("Telegram knows this bot as @{name}."))];
    if bot.has_webhook {
        found.push(broken(telegram::Trouble::Webhook.to_string()));
    }
    // Groups have numbers below nothing.
    let in_groups = told.iter().any(|one| one.address.chat.starts_with('-'));
    let guards = config.telegram.as_ref().is_some_and(|telegram| telegram.guard_channels);
    if in_groups && guards && !bot.reads_all {
        found.push(soon(format!(
            "The leak guard is on for groups, and @{name} gets messages only of those where it is an admin: make it one that may delete messages, or send /setprivacy to @BotFather, choose Disable and add it again."
        )));
    }
    if bot.reads_all && !guards && in_groups {
        found.push(soon(format!(
            "@{name} gets every message of its groups and needs none: send /setprivacy to @BotFather and choose Enable."
        )));
    }
    for one in told {
        let address = &one.address;
        let spot = (address.chat.as_str(), address.topic.as_deref());
        found.push(match telegram::look(&settings, &bot, spot).await {
            Ok(telegram::Look::Fine(_)) => one.fine(),
            Ok(telegram::Look::Shut(why)) | Err(why) => broken(one.says(&why)),
        });
    }
    found
}

async fn discord(config: &Config, clock: &Arc<dyn Clock>, told: &[&Told]) -> Vec<Finding> {
    let Some(settings) = discord_settings(config) else {
        return without_token(Platform::Discord, told);
    };
    let known = match discord::whoami(&settings, guards_discord(config), clock.clone()).await {
        Ok(known) => known,
        Err(why) => return vec![broken(why)],
    };
    let mut found = vec![fine(format!("Discord knows this bot as {}.", known.bot.name))];
    found.extend(known.bot.traps.iter().filter_map(|trap| match trap.when {
        When::Always => Some(broken(trap.text)),
        When::Needless => Some(soon(trap.text)),
        When::Inviting | When::Invited => None,
    }));
    found.extend(servers(config, &known).await);
    for one in told {
        let (channel, mention) = (one.address.chat.as_str(), one.mention.as_deref());
        found.push(match known.look(channel, mention).await {
            Ok(discord::Look::Fine(_)) => one.fine(),
            Ok(discord::Look::Amiss(why)) => soon(one.says(&why)),
            Ok(discord::Look::Shut(why)) | Err(why) => broken(one.says(&why)),
        });
    }
    found
}

/// The servers of the settings in which the bot is not.
async fn servers(config: &Config, known: &Known) -> Vec<Finding> {
    let there = match known.servers().await {
        Ok(there) => there,
        Err(why) => return vec![broken(why)],
    };
    let link = known.bot.install_link();
    if there.is_empty() {
        return vec![broken(format!("The bot is in no Discord server: invite it with {link}"))];
    }
    let wanted = config.workspaces.iter().flat_map(|one| {
        let chats = one.chats.iter().filter(|(platform, _)| *platform == Platform::Discord);
        chats.map(|(_, server)| (&one.name, server))
    });
    let missing = wanted.filter(|(_, server)| there.iter().all(|(id, _)| id != *server));
    missing
        .map(|(name, server)| {
            broken(format!("{name}: the bot is not in the server {server}: invite it with {link}"))
        })
        .collect()
}

fn without_token(platform: Platform, told: &[&Told]) -> Vec<Finding> {
    let (name, word) = (platform.name(), platform.id());
    let why = format!("{name} has no token, so nothing arrives: run keylapse setup {word}");
    told.iter().map(|one| broken(one.says(&why))).collect()
}

impl Told {
    /// A finding about this receiver.
    fn says(&self, why: &str) -> String {
        let why = why.trim_end_matches('.');
        format!("{}, {}: {why}.", self.workspace, self.name)
    }

    fn fine(&self) -> Finding {
        let platform = self.address.platform.name();
        fine(self.says(&format!("I can write there ({platform})")))
    }
}

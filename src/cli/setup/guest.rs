//! A platform as setup speaks of it: whose bot the token is, how a chat comes in, and whether the
//! bot can write there. The two differ in words and in what can be asked, and in nothing else.

use std::sync::Arc;

use crate::chat::discord::{self, When};
use crate::chat::telegram;
use crate::cli::platforms;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::card::Tone;
use crate::domain::receiver::{Platform, Receiver};

/// Whoever reads a chat reads what is warned of there.
const KEPT_SMALL: &str =
    "  (Warnings name your keys: take a chat that only your own people can read.)";

/// A bot that its platform knows.
pub enum Guest {
    /// On Telegram.
    Telegram(telegram::Settings, telegram::Bot),
    /// On Discord.
    Discord(Box<discord::Known>),
}

impl Guest {
    /// Asks the platform whose token the settings hold. The error is a sentence for a person.
    pub async fn meet(
        config: &Config,
        platform: Platform,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let none = || format!("There is no token of {}.", platform.name());
        if platform == Platform::Discord {
            let settings = platforms::discord_settings(config).ok_or_else(none)?;
            let guards = platforms::guards_discord(config);
            return Ok(Self::Discord(Box::new(discord::whoami(&settings, guards, clock).await?)));
        }
        let settings = platforms::telegram_settings(config).ok_or_else(none)?;
        let bot = telegram::whoami(&settings).await?;
        if bot.has_webhook {
            return Err(telegram::Trouble::Webhook.to_string());
        }
        Ok(Self::Telegram(settings, bot))
    }

    /// The bot's name as people find it.
    pub fn name(&self) -> String {
        match self {
            Self::Telegram(_, bot) => format!("@{}", bot.username),
            Self::Discord(known) => known.bot.name.clone(),
        }
    }

    /// What to know before the bot is invited.
    pub fn before(&self) -> Vec<String> {
        let blocks = |when| matches!(when, When::Always | When::Inviting | When::Needless);
        self.traps(blocks)
    }

    /// What to know when the bot is where it belongs.
    pub fn after(&self) -> Vec<String> {
        self.traps(|when| when == When::Invited)
    }

    fn traps(&self, is_meant: impl Fn(When) -> bool) -> Vec<String> {
        let Self::Discord(known) = self else { return Vec::new() };
        let meant = known.bot.traps.iter().filter(|trap| is_meant(trap.when));
        let shape = |when| match when {
            When::Always => Tone::Broken,
            When::Inviting | When::Invited | When::Needless => Tone::Soon,
        };
        meant.map(|trap| format!("{} {}", shape(trap.when).shape(), trap.text)).collect()
    }

    /// How a chat comes in, step by step.
    pub fn steps(&self, code: &str, servers: &[(String, String)]) -> Vec<String> {
        match self {
            Self::Telegram(_, bot) => {
                let (name, plain) = (&bot.username, code.replace('-', ""));
                vec![
                    format!(
                        "Telegram: open the chat that is to be warned, privately with @{name} or a group with @{name} in it, and send:"
                    ),
                    // With its name, because a group's other bots may get the plain one.
                    format!("    /start@{name} {code}"),
                    KEPT_SMALL.to_owned(),
                    format!(
                        "  (In private, opening https://t.me/{name}?start={plain} does the same. Whoever sends it is admin here.)"
                    ),
                ]
            }
            Self::Discord(known) => {
                let mut steps = Vec::new();
                let mut lead = "Discord: in";
                if servers.is_empty() {
                    lead = "Then, in";
                    steps.push(
                        "Discord: open this link, choose your server and press Authorize:"
                            .to_owned(),
                    );
                    steps.push(format!("    {}", known.bot.install_link()));
                }
                steps.push(format!("{lead} the channel that is to be warned, type /start, choose the one of {} and give it this code:", self.name()));
                steps.push(format!("    {code}"));
                steps.push(KEPT_SMALL.to_owned());
                steps.push(
                    "  (It takes Manage Server. If Discord offers no /start, reload it with Ctrl+R.)"
                        .to_owned(),
                );
                steps
            }
        }
    }

    /// The servers that the bot is in; none where there is no such thing.
    pub async fn servers(&self) -> Vec<(String, String)> {
        match self {
            Self::Telegram(..) => Vec::new(),
            // It is asked again a moment later.
            Self::Discord(known) => known.servers().await.unwrap_or_default(),
        }
    }

    /// What keeps warnings from a receiver, with what mends it; `None` = nothing that can be seen.
    pub async fn lack(&self, receiver: &Receiver) -> Option<String> {
        let address = &receiver.address;
        match self {
            Self::Telegram(settings, bot) => {
                let spot = (address.chat.as_str(), address.topic.as_deref());
                match telegram::look(settings, bot, spot).await {
                    Ok(telegram::Look::Shut(why)) => Some(why),
                    Ok(telegram::Look::Fine(_)) | Err(_) => None,
                }
            }
            Self::Discord(known) => {
                match known.look(&address.chat, receiver.mention.as_deref()).await {
                    Ok(discord::Look::Shut(why) | discord::Look::Amiss(why)) => Some(why),
                    Ok(discord::Look::Fine(_)) | Err(_) => None,
                }
            }
        }
    }
}

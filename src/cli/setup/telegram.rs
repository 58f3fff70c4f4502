//! The bot's token: asked unseen, tried at once, kept in a private file.

use std::path::Path;

use super::write;
use crate::chat::telegram::{self, OFFICIAL, PATIENCE, Settings, whoami};
use crate::cli::ask::Terminal;
use crate::cli::failure::{Failure, refused};
use crate::config::Config;
use crate::secret::Secret;

/// The token's file in the data folder.
const TOKEN_FILE: &str = "telegram.token";

/// Asks for the token until Telegram knows it, three times at most.
pub async fn token(config: &Config, file: &Path, terminal: &mut Terminal) -> Result<(), Failure> {
    terminal.say("Make a bot of its own for keylapse: in Telegram, write to @BotFather, send /newbot and follow it. It answers with a token.")?;
    for _ in 0..3 {
        let token = terminal.secret("The token (typed unseen)")?;
        if token.is_empty() {
            continue;
        }
        match whoami(&settings(token.clone())).await {
            Err(sentence) => terminal.say(sentence)?,
            Ok(bot) if bot.has_webhook => {
                terminal.say(telegram::Trouble::Webhook.to_string())?;
            }
            Ok(bot) => {
                write::token(&config.data_dir.join(TOKEN_FILE), &token)?;
                write::add(file, &format!("[telegram]\ntoken_file = \"{TOKEN_FILE}\"\n"))?;
                return terminal.say(format!("That is @{}.", bot.username));
            }
        }
    }
    refused("No token that works was given; run keylapse setup again when you have one.")
}

fn settings(token: Secret) -> Settings {
    Settings { token, url: OFFICIAL.to_owned(), proxy: None, timeouts: PATIENCE }
}

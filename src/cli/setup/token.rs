//! A bot's token: asked unseen, tried at once, kept in a private file. What was not tried with
//! success never reaches the disk.

use std::path::Path;

use zeroize::Zeroize;

use super::guest::Guest;
use super::write;
use crate::chat::{discord, telegram};
use crate::cli::ask::Terminal;
use crate::cli::failure::{Failure, refused};
use crate::cli::open;
use crate::clock::System;
use crate::config::{self, Config, Flags, Host};
use crate::domain::receiver::Platform;
use crate::secret::Secret;

/// How often it is asked for.
const TRIES: u8 = 3;
/// Parts of Discord's tokens together are longer than this.
const SHORTEST_DISCORD: usize = 50;

/// What became of the question.
pub enum Asked {
    /// The platform knows the token: the settings with it.
    Known(Box<Config>),
    /// The person goes on without this platform.
    Without,
}

/// Why a token that was just given is not taken.
enum Why {
    /// It is not the right one.
    Token(String),
    /// Something else is in the way; the token may well be right.
    Else(String),
}

/// Asks for a platform's token until the platform knows it, or the person goes on without.
pub async fn ask(
    (flags, config, file): (&Flags, &Config, &Path),
    platform: Platform,
    terminal: &mut Terminal,
) -> Result<Asked, Failure> {
    let name = platform.name();
    for line in steps(platform) {
        terminal.say(line)?;
    }
    terminal.say(format!("  (Enter alone goes on without {name}.)"))?;
    let without = format!("Go on without {name}");
    let (mut refusals, mut held) = (0, None);
    while refusals < TRIES {
        let token = match held.take() {
            Some(token) => token,
            None => terminal.secret(&format!("{name} token (typed unseen)"))?,
        };
        if token.is_empty() {
            match terminal.choose("Nothing was given.", &["Give the token", &without])? {
                0 => continue,
                _ => return Ok(Asked::Without),
            }
        }
        match attempt(flags, platform, &token).await? {
            Err(Why::Token(sentence)) => {
                terminal.say(sentence)?;
                refusals += 1;
            }
            Err(Why::Else(sentence)) => {
                terminal.say(sentence)?;
                let choices = ["Try again", "Give another token", &without];
                match terminal.choose("The token was not refused; it is not kept yet.", &choices)? {
                    0 => held = Some(token),
                    1 => {}
                    _ => return Ok(Asked::Without),
                }
            }
            Ok(bot) => {
                let kept = config.data_dir.join(format!("{}.token", platform.id()));
                write::token(&kept, &token)?;
                write::put_token(file, platform, &kept)?;
                terminal.say(format!("That is {bot}. Its token is in {}.", kept.display()))?;
                return open::load(flags).map(|config| Asked::Known(Box::new(config)));
            }
        }
    }
    refused(format!(
        "No {name} token that works was given: run keylapse setup again when you have one. What was done is kept."
    ))
}

fn steps(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Telegram => &[
            "Telegram: make a bot of its own for keylapse.",
            "  1. Write to @BotFather, send /newbot and answer its questions.",
            "  2. It ends with a token. Leave the privacy mode as it is.",
        ],
        Platform::Discord => &[
            "Discord: make an application of its own for keylapse.",
            "  1. Open https://discord.com/developers/applications and press New Application.",
            "  2. Page Bot: press Reset Token and copy the token. Switch on none of the three intents.",
        ],
        Platform::Console => &[],
    }
}

/// Tries a token as the settings would with it; the inner error is for whoever gave it.
async fn attempt(
    flags: &Flags,
    platform: Platform,
    token: &Secret,
) -> Result<Result<String, Why>, Failure> {
    if let Err(sentence) = judge(platform, token.expose()) {
        return Ok(Err(Why::Token(sentence)));
    }
    let config = with_token(flags, platform, token)?;
    let clock = std::sync::Arc::new(System::new());
    let met = Guest::meet(&config, platform, clock).await;
    Ok(met.map(|guest| guest.name()).map_err(in_hand))
}

/// Whether it is the token's fault; the settings do not have it yet.
fn in_hand(why: String) -> Why {
    if why == telegram::Trouble::Token.to_string() {
        Why::Token("Telegram refuses this token: copy it again (@BotFather).".to_owned())
    } else if why == discord::TOKEN_REFUSED {
        Why::Token("Discord refuses this token: make a new one (Developer Portal, Bot, Reset Token) and paste that.".to_owned())
    } else {
        Why::Else(why)
    }
}

/// The settings as they will be, with a token that is not in them yet.
fn with_token(flags: &Flags, platform: Platform, token: &Secret) -> Result<Config, Failure> {
    let mut environment = config::environment();
    let name = format!("KEYLAPSE_{}__TOKEN", platform.id().to_uppercase());
    environment.push((name, token.expose().to_owned()));
    let loaded = config::load(flags, &environment, &Host::detect());
    for (_, value) in &mut environment {
        value.zeroize();
    }
    loaded.map_err(|problems| Failure::Refused(problems.to_string()))
}

/// Whose token it is by its shape.
fn judge(platform: Platform, token: &str) -> Result<(), String> {
    let from = match platform {
        Platform::Discord => "Developer Portal, Bot, Reset Token",
        Platform::Telegram | Platform::Console => "@BotFather",
    };
    match shape(token) {
        Some(found) if found == platform => Ok(()),
        Some(other) => Err(format!(
            "That is a token of {}; here the one of {} is needed ({from}).",
            other.name(),
            platform.name()
        )),
        None => Err(format!(
            "That is not the shape of a {} token: copy it again ({from}).",
            platform.name()
        )),
    }
}

fn shape(token: &str) -> Option<Platform> {
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    if let Some((id, rest)) = token.split_once(':') {
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        return (is_id && rest.len() >= 20 && is_plain(rest)).then_some(Platform::Telegram);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let fits = parts.len() == 3 && parts.iter().all(|part| is_plain(part));
    (fits && token.len() > SHORTEST_DISCORD).then_some(Platform::Discord)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TELEGRAM: &str = "7001:AAfakefakefakefakefakefake";
    const DISCORD: &str = "MTIwMDAwMDAwMDAwMDAwMDAwMQ.GfAkE0.a-token-of-nothing-and-nobody-here";

    #[test]
    fn a_token_of_the_other_platform_is_named_as_such_and_never_repeated() {
        assert_eq!(judge(Platform::Telegram, TELEGRAM), Ok(()));
        assert_eq!(judge(Platform::Discord, DISCORD), Ok(()));
        let table = [
            (Platform::Telegram, DISCORD, "a token of Discord"),
            (Platform::Discord, TELEGRAM, "a token of Telegram"),
            (Platform::Telegram, "6705f5c311545b000157d3eb", "not the shape of a Telegram token"),
            (Platform::Discord, "a.b.c", "not the shape of a Discord token"),
            (Platform::Discord, "https://x.example/a.b.c", "not the shape"),
        ];
        for (platform, token, words) in table {
            let why = judge(platform, token).unwrap_err();
            assert!(why.contains(words) && !why.contains(token), "{why}");
        }
    }
}

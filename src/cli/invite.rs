//! `keylapse invite`: a code that lets one chat, and the person who uses it, into a workspace. It is
//! shown once, kept as a hash, and dies after ten minutes, one use or five wrong tries.

use chrono::TimeDelta;
use clap::Args;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::open::{self, Workshop};
use super::platforms;
use crate::config::{Config, Enrol, FILE_NAME, Flags};
use crate::domain::access::Role;
use crate::store::StoreError;
use crate::store::claim::CODE_LETTERS;
use crate::store::workspace::Workspace;

/// How long a code can be used.
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
/// Letters and digits that are not mistaken for each other.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKMNPQRSTVWXYZ0123456789";

/// For whom the code is.
#[derive(Args, Clone, Debug)]
pub struct InviteArgs {
    /// Which workspace, where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// viewer, operator or admin; a group or server comes in with admin only
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    role: String,
}

/// Runs the subcommand. What refuses it is seen before anything is opened or made.
pub async fn run(args: &InviteArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    let Some(role) = Role::parse(&args.role.to_ascii_lowercase()) else {
        return refused("There is no such role: use viewer, operator or admin.");
    };
    if !platforms::is_any(&config) {
        return refused(
            "Neither Telegram nor Discord is connected, so nobody could send a code: keylapse setup connects one.",
        );
    }
    refuse_closed(&config)?;
    if !open::is_begun(&config) {
        return refused(format!(
            "There is no database yet ({}), so there is nothing to let anybody into: keylapse setup or keylapse run makes it.",
            config.database.shown()
        ));
    }
    let shop = open::open_with(config, terminal).await?;
    let done = invite(args.workspace.as_deref(), role, &shop, terminal).await;
    shop.store.close().await;
    done
}

/// Refuses where the settings let in only what they name.
fn refuse_closed(config: &Config) -> Result<(), Failure> {
    if config.enrol != Enrol::Configured {
        return Ok(());
    }
    let file = config
        .file
        .as_ref()
        .map_or_else(|| FILE_NAME.to_owned(), |file| file.display().to_string());
    refused(format!(
        "Invitations are switched off: write enrol = \"invite\" under [access] in {file} and start the bot again, or name the chat or person there."
    ))
}

async fn invite(
    workspace: Option<&str>,
    role: Role,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let desk = shop.desk(workspace).await?;
    let code = make(shop, desk.workspace(), role).await?;
    let (name, role_name) = (&desk.workspace().name, role.name());
    let place = if role == Role::Admin {
        "from the chat, group or channel that is meant"
    } else {
        "in a private chat with it"
    };
    terminal.say(format!("Send this to the bot within ten minutes, {place}:"))?;
    terminal.say(format!("  /start {code}"))?;
    terminal.say(format!(
        "It works once: whoever sends it is {role_name} of {name}, and that chat gets its warnings."
    ))?;
    if role == Role::Admin {
        return Ok(());
    }
    terminal.say("A group or server that is to come in needs keylapse invite --role admin.")
}

/// Makes a code and keeps its hash.
pub async fn make(shop: &Workshop, workspace: &Workspace, role: Role) -> Result<String, Failure> {
    let now = shop.clock.now();
    for _ in 0..5 {
        let code = draw()?;
        match shop.store.keep_claim(&workspace.id, role, &code, now + LIFE, now).await {
            Ok(()) => return Ok(code),
            // Another live code begins with the same letters.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::Failed("No code could be made: try again.".to_owned()))
}

/// "ABCD-EFGHJ-KLMN", 65 bits from the operating system.
fn draw() -> Result<String, Failure> {
    let mut bytes = [0_u8; CODE_LETTERS];
    getrandom::fill(&mut bytes).map_err(|_| {
        Failure::Failed("The operating system gave no random bytes: repair that first.".to_owned())
    })?;
    // 256 is a multiple of 32: every letter is as likely.
    let letters: String =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    Ok(format!("{}-{}-{}", &letters[..4], &letters[4..9], &letters[9..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_thirteen_letters_in_three_groups() {
        let (one, other) = (draw().ok().unwrap(), draw().ok().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [4, 5, 4]);
        assert!(one.bytes().all(|b| b == b'-' || LETTERS.contains(&b)), "{one}");
    }
}

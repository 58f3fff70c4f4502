//! `keylapse invite`: a code that lets one chat, and the person who uses it, into a workspace. It is
//! shown once, kept as a hash, and dies after ten minutes, one use or five wrong tries.

use chrono::TimeDelta;
use clap::Args;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::open::Workshop;
use crate::config::Enrol;
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

/// Runs the subcommand.
pub async fn run(
    args: &InviteArgs,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    if shop.config.enrol == Enrol::Configured {
        let file = shop
            .config
            .file
            .as_ref()
            .map_or_else(|| "keylapse.toml".to_owned(), |file| file.display().to_string());
        return refused(format!(
            "Invitations are switched off: write enrol = \"invite\" under [access] in {file} and start the bot again, or name the chat or person there."
        ));
    }
    let Some(role) = Role::parse(&args.role.to_ascii_lowercase()) else {
        return refused("There is no such role: use viewer, operator or admin.");
    };
    let desk = shop.desk(args.workspace.as_deref()).await?;
    let code = make(shop, desk.workspace(), role).await?;
    terminal.say(format!(
        "Send this to the bot within ten minutes, from the chat or channel that is meant: /start {code}"
    ))?;
    terminal.say(format!(
        "It works once: whoever sends it is {} of {}, and that chat gets its warnings.",
        role.name(),
        desk.workspace().name
    ))
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

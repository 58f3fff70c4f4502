//! `keylapse key test LABEL`: asks KuCoin now, records the look like any other, says the result.

use super::Named;
use crate::cli::ask::Terminal;
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::cli::{probe, words};
use crate::domain::evidence::Outcome;
use crate::domain::key::KeyState;

/// Runs the subcommand.
pub async fn run(named: &Named, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    let (desk, view) = named.find(shop).await?;
    let (key, zone) = (&view.key, desk.workspace().zone);
    let Some(credential) = desk.credential(&key.id).await? else {
        return refused(format!(
            "keylapse holds no secret of {}, so there is nothing to ask with.",
            key.label
        ));
    };
    let secrets = shop.vault.open_credential(key, credential.generation, &credential.sealed)?;
    let client = probe::client(shop, key.site, terminal)?;
    let probed = probe::probe(&client, &secrets, terminal).await?;
    probe::record(shop, key, probe::seen(shop, key, &credential.id, &probed)?).await?;
    match &probed.outcome {
        Outcome::Good(facts) => {
            terminal.say(format!("KuCoin accepts {} from this machine.", key.label))?;
            for line in words::findings(facts, zone, shop.clock.now()) {
                terminal.say(format!("  {line}"))?;
            }
            let after = desk.key(&key.id).await?.map(|view| view.key.state);
            if after == Some(KeyState::Refused) {
                return refused(format!(
                    "Its secret was dropped, because it may do what nobody allowed: change that at KuCoin, then keylapse key remove {0} and add it again.",
                    key.label
                ));
            }
            terminal.say("Bot still failing? It may use another address or another key.")
        }
        Outcome::Bad { fault, code } => Err(Failure::Failed(words::fault(
            *fault,
            code.as_deref(),
            key.site,
            probed.caller_address,
        ))),
    }
}

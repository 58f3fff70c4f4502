//! What commands work with, taken from a running bot.

use std::sync::Arc;

use crate::app::App;
use crate::commands::{Counter, Guards, HostNote, Limits, Posted, Tools};
use crate::domain::id::WorkspaceId;
use crate::domain::policy::Policy;
use crate::ids::Ids;
use crate::knowledge::Knowledge;
use crate::secret::Secret;
use crate::store::Store;
use crate::store::desk::KeyView;
use crate::vault::Vault;

/// What a counter needs beside the running bot.
pub struct Given {
    /// The ledger.
    pub store: Store,
    /// Opens the address that the exchange saw and compares keys, and nothing else from here.
    pub vault: Arc<Vault>,
    /// For references that people quote.
    pub ids: Arc<Ids>,
    /// The figures in force.
    pub policy: Policy,
    /// What the host is.
    pub host: HostNote,
}

/// The tools of the bot's counter.
pub fn tools(app: &App, given: Given) -> Tools {
    let Given { store, vault, ids, policy, host } = given;
    let hasher = vault.clone();
    let fingerprint = move |workspace: &WorkspaceId, key: &str| {
        hasher.fingerprint(workspace, &Secret::new(key.to_owned()))
    };
    let open = move |view: &KeyView| {
        let sealed = view.caller.as_deref()?;
        vault.open_caller(&view.key, sealed).ok().map(|address| address.to_string())
    };
    Tools {
        store,
        knowledge: Arc::new(Knowledge::embedded()),
        ids,
        policy,
        interval: app.interval,
        wake_checks: app.wake_checks.clone(),
        wake_courier: app.wake_courier.clone(),
        looked: app.looked.clone(),
        open_address: Arc::new(open),
        fingerprint: Arc::new(fingerprint),
        host,
        posted: Posted::default(),
        warned: Posted::default(),
        guards: Guards::default(),
        limits: Limits::default(),
        patience: Counter::PATIENCE,
    }
}

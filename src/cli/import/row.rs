//! One row of an import judged: what is wrong with it, or the key it becomes. The file's own rows
//! count against each other as the ledger's keys do.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::read::Row;
use crate::cli::ending::{EndFlags, Saying};
use crate::cli::failure::Failure;
use crate::cli::key::shown;
use crate::cli::secrets;
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::WorkspaceId;
use crate::domain::key::{Accepted, Declared, Key, KeyState, Watch};
use crate::domain::permission::Allow;
use crate::domain::text::{Clean, Label};
use crate::domain::text::{HOLDS_SECRET, holds_secret};
use crate::secret::{KeySecrets, Secret};
use crate::store::import::Taken;

/// A key ready to be sealed. Its id is made when it is staged.
pub struct Ready {
    /// The key.
    pub key: Key,
    /// Its secrets; `None` for a declared watch.
    pub secrets: Option<KeySecrets>,
}

/// What rows are measured against.
pub struct Rules<'a> {
    taken: Taken,
    /// Where a label or key of the file stood first.
    labels: HashMap<String, u64>,
    hashes: HashMap<String, u64>,
    terms: Terms<'a>,
}

/// What holds for all rows of one file.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The tenant.
    pub workspace: &'a WorkspaceId,
    /// The site of rows that name none.
    pub site: Site,
    /// Who imports, where and when.
    pub saying: &'a Saying<'a>,
    /// Under which two entries of one key are equal.
    pub fingerprint: &'a dyn Fn(&Secret) -> String,
}

impl<'a> Rules<'a> {
    /// Rules for one file.
    pub fn new(taken: Taken, terms: Terms<'a>) -> Self {
        Self { taken, labels: HashMap::new(), hashes: HashMap::new(), terms }
    }

    /// The key of a row, or everything that is wrong with it.
    pub fn judge(&mut self, row: &Row) -> Result<Ready, Vec<String>> {
        let mut problems = Vec::new();
        let mut note = |result: Result<(), String>| problems.extend(result.err());
        let label = self.label(row);
        let secrets = self.secrets(row);
        let declared = self.declared(row, matches!(secrets, Ok(None)));
        let (site, allow, co_located) = (self.site(row), allow(row), co_located(row));
        note(label.as_ref().map(|_| ()).map_err(Clone::clone));
        note(secrets.as_ref().map(|_| ()).map_err(Clone::clone));
        note(declared.as_ref().map(|_| ()).map_err(Clone::clone));
        note(site.as_ref().map(|_| ()).map_err(Clone::clone));
        note(allow.as_ref().map(|_| ()).map_err(Clone::clone));
        note(co_located.as_ref().map(|_| ()).map_err(Clone::clone));
        let used_by = row.get("used_by").unwrap_or_default();
        note(if holds_secret(used_by) { Err(HOLDS_SECRET.to_owned()) } else { Ok(()) });
        if holds_secret(used_by) {
            return Err(problems);
        }
        let (Ok(label), Ok(secrets), Ok(declared), Ok(site), Ok(allow), Ok(co_located)) =
            (label, secrets, declared, site, allow, co_located)
        else {
            return Err(problems);
        };
        let used_by =
            used_by.split(';').map(|text| Clean::new(text, 120)).filter(|text| !text.is_empty());
        let used_by: Vec<Clean> = used_by.collect();
        let key = Key {
            id: String::new().into(),
            workspace: self.terms.workspace.clone(),
            label,
            exchange: Exchange::Kucoin,
            site,
            watch: if secrets.is_some() { Watch::Own } else { Watch::Declared },
            co_located,
            allow,
            declared,
            baseline: None,
            accepted: Accepted::default(),
            used_by,
            added_at: self.terms.saying.now,
            leaked: None,
            state: KeyState::Unverified,
            rev: 0,
        };
        if let Some(secrets) = &secrets {
            secrets::refuse_shown(secrets, shown(&key)).map_err(|why| vec![why])?;
        }
        Ok(Ready { key, secrets })
    }

    fn label(&mut self, row: &Row) -> Result<Label, String> {
        let text = row.get("label").ok_or("the label is missing.")?;
        let label = Label::parse(text).map_err(|error| error.to_string())?;
        if self.taken.labels.contains(&label.folded()) {
            return Err(format!("that label is taken ({label}): choose another."));
        }
        match self.labels.entry(label.folded()) {
            Entry::Occupied(first) => {
                Err(format!("line {} has the same label ({label}): choose another.", first.get()))
            }
            Entry::Vacant(free) => {
                free.insert(row.line);
                Ok(label)
            }
        }
    }

    fn secrets(&mut self, row: &Row) -> Result<Option<KeySecrets>, String> {
        let parts = ["key", "secret", "passphrase"].map(|field| row.get(field));
        if parts.iter().all(Option::is_none) {
            return Ok(None);
        }
        let part = |at: usize| Secret::new(parts[at].unwrap_or_default().to_owned());
        let secrets = KeySecrets { key: part(0), secret: part(1), passphrase: part(2) };
        secrets::check(&secrets)?;
        let hash = (self.terms.fingerprint)(&secrets.key);
        if self.taken.key_hashes.contains(&hash) {
            return Err("that key is already watched here under another label.".to_owned());
        }
        match self.hashes.entry(hash) {
            Entry::Occupied(first) => Err(format!("line {} has the same key.", first.get())),
            Entry::Vacant(free) => {
                free.insert(row.line);
                Ok(Some(secrets))
            }
        }
    }

    fn declared(&self, row: &Row, needs_date: bool) -> Result<Option<Declared>, String> {
        let own = |field| row.get(field).map(str::to_owned);
        let flags =
            EndFlags { expires: own("expires"), term: own("term"), created: own("created") };
        let words = |failure: Failure| failure.sentence().unwrap_or_default().to_owned();
        let declared = flags.read(self.terms.saying, None).map_err(words)?;
        let has_date = declared.as_ref().is_some_and(|declared| declared.end.is_some());
        if needs_date && !has_date {
            return Err("a row without secrets is a reminder and needs expires.".to_owned());
        }
        Ok(declared)
    }

    fn site(&self, row: &Row) -> Result<Site, String> {
        match row.get("site") {
            None => Ok(self.terms.site),
            Some(word) => Site::parse(&word.to_lowercase())
                .ok_or_else(|| "there is no such site: use global, eu, au or tr.".to_owned()),
        }
    }
}

fn allow(row: &Row) -> Result<Allow, String> {
    let mut allow = Allow::default();
    let words = row.get("allow").unwrap_or_default().split([';', ',', ' ']);
    for word in words.filter(|word| !word.is_empty()) {
        if !allow.set(word) {
            return Err(format!("allow takes {}.", Allow::WORDS.join(", ")));
        }
    }
    Ok(allow)
}

fn co_located(row: &Row) -> Result<bool, String> {
    match row.get("co_located").map(str::to_lowercase).as_deref() {
        None | Some("false" | "no" | "0") => Ok(false),
        Some("true" | "yes" | "1") => Ok(true),
        Some(_) => Err("co_located takes true or false.".to_owned()),
    }
}

//! `keylapse key import FILE`: many keys, all or none. First every row is judged and every bad one
//! reported; then all are staged out of sight and go live at once.

mod read;
mod row;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use self::read::{Read, has_secrets, read};
use self::row::{Ready, Rules, Terms};
use crate::cli::actor::{actor, entry};
use crate::cli::ask::Terminal;
use crate::cli::ending::Saying;
use crate::cli::failure::{Failure, refused};
use crate::cli::key::{key_hash, seal};
use crate::cli::open::Workshop;
use crate::domain::key::{Key, Watch};
use crate::domain::text::Clean;
use crate::private_file;
use crate::store::StoreError;
use crate::store::audit::Entry;
use crate::store::desk::Desk;
use crate::store::import::{Import, StagedKey};

/// The largest file: some 100,000 rows are 20 MB.
const CAP: u64 = 512 * 1024 * 1024;
/// The most rows of one import.
const MOST: usize = 100_000;
/// A line of progress after so many rows.
const PROGRESS: usize = 10_000;

/// What to import.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The file: label, key, secret, passphrase, site, expires, term, created, `used_by`, allow, `co_located`
    file: PathBuf,
    /// Its form; by the name's ending unless said
    #[arg(long)]
    format: Option<Format>,
    /// The workspace; needed only where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

/// The forms of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma separated, with a line of names first
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// Runs the subcommand.
pub async fn run(
    args: &ImportArgs,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let desk = shop.desk(args.workspace.as_deref()).await?;
    let rows = judged(args, shop, &desk, terminal).await?;
    let total = rows.len();
    let now = shop.clock.now();
    let Some(import) = desk.begin_import(now).await? else {
        return refused(
            "Another import is under way: wait until it has ended, or a minute if it was stopped.",
        );
    };
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let mut deed = entry("key.import", &format!("{total} keys"));
    deed.after = Some(Clean::new(&name, 120).as_str().to_owned());
    let live = match stage_and_publish(&import, rows, &deed, shop, terminal).await {
        Ok(live) => live,
        Err(failure) => {
            // What cannot be taken back now is swept by the next start; nothing of it is visible.
            if let Err(error) = import.abandon().await {
                tracing::warn!(%error, "staged rows were left behind");
            }
            return Err(failure);
        }
    };
    let imported = if live == 1 { "1 key".to_owned() } else { format!("{live} keys") };
    terminal.say(format!(
        "Imported {imported}. Those with secrets count as not verified until their first check; keylapse run spreads these out."
    ))
}

/// All rows ready to be sealed, or every reason why not.
async fn judged(
    args: &ImportArgs,
    shop: &Workshop,
    desk: &Desk,
    terminal: &mut Terminal,
) -> Result<Vec<Ready>, Failure> {
    let format = format_of(args)?;
    let opened = private_file::read(&args.file, CAP)?;
    let Read { rows, mut problems } = read(&opened.bytes, format)?;
    if has_secrets(&rows) {
        let us = private_file::this_user();
        private_file::judge(&args.file, opened.stat, us, &shop.config.vault.trust)?;
    }
    drop(opened);
    if rows.len() > MOST {
        return refused(format!(
            "The file has {} rows, and {MOST} go in at once: split it.",
            rows.len()
        ));
    }
    let by = actor();
    let saying = Saying { by: &by, zone: desk.workspace().zone, now: shop.clock.now() };
    let fingerprint = |key: &crate::secret::Secret| key_hash(shop, &desk.workspace().id, key);
    let terms = Terms {
        workspace: &desk.workspace().id,
        site: shop.config.kucoin.site,
        saying: &saying,
        fingerprint: &fingerprint,
    };
    let mut rules = Rules::new(desk.taken().await?, terms);
    let mut ready = Vec::with_capacity(rows.len());
    for row in rows {
        match rules.judge(&row) {
            Ok(ready_row) => ready.push(ready_row),
            Err(why) => problems.extend(why.into_iter().map(|why| (row.line, why))),
        }
    }
    problems.sort_by_key(|(line, _)| *line);
    for (line, why) in &problems {
        terminal.note(format!("line {line}: {why}"));
    }
    match problems.len() {
        0 if ready.is_empty() => refused("The file holds no row. Nothing was imported."),
        0 => Ok(ready),
        1 => refused("1 problem. Nothing was imported: correct the file and import it again."),
        n => refused(format!(
            "{n} problems. Nothing was imported: correct the file and import it again."
        )),
    }
}

fn format_of(args: &ImportArgs) -> Result<Format, Failure> {
    let ending = Path::extension(&args.file).unwrap_or_default().to_string_lossy().to_lowercase();
    match (args.format, ending.as_str()) {
        (Some(format), _) => Ok(format),
        (None, "csv") => Ok(Format::Csv),
        (None, "jsonl" | "ndjson") => Ok(Format::Jsonl),
        (None, _) => refused(
            "The file's name does not say what it holds: add --format csv or --format jsonl.",
        ),
    }
}

async fn stage_and_publish(
    import: &Import,
    rows: Vec<Ready>,
    deed: &Entry,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<u64, Failure> {
    stage(import, rows, shop, terminal).await?;
    Ok(import.publish(deed, shop.clock.now()).await?)
}

async fn stage(
    import: &Import,
    rows: Vec<Ready>,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let total = rows.len();
    let mut done = 0;
    let mut rows = rows.into_iter();
    loop {
        // Sealed outside the transaction: others write meanwhile.
        let chunk: Result<Vec<_>, Failure> =
            rows.by_ref().take(Import::CHUNK).map(|row| staged(row, shop)).collect();
        let chunk = chunk?;
        if chunk.is_empty() {
            return Ok(());
        }
        match import.stage(&chunk, shop.clock.now()).await {
            Err(StoreError::Conflict) => {
                return Err(Failure::Failed(
                    "Somebody else began an import meanwhile. Nothing was imported: try again."
                        .to_owned(),
                ));
            }
            Err(StoreError::LabelTaken | StoreError::KeyTaken) => {
                return refused(
                    "Somebody added one of these keys meanwhile. Nothing was imported: try again.",
                );
            }
            staged => staged?,
        }
        let before = done;
        done += chunk.len();
        if before / PROGRESS != done / PROGRESS {
            terminal.note(format!("{done} of {total} …"));
        }
    }
}

fn staged(row: Ready, shop: &Workshop) -> Result<StagedKey, Failure> {
    let now = shop.clock.now();
    let key = Key { id: shop.ids.next(now), ..row.key };
    let credential = row.secrets.map(|secrets| seal(shop, &key, 1, &secrets)).transpose()?;
    let spread = shop.config.check.next_for(&key.id, now).unwrap_or(now);
    let due_at = match key.watch {
        // A date needs no exchange: it is judged soon.
        Watch::Declared => now + shop.config.check.offset(&key.id),
        Watch::Own | Watch::Guardian { .. } => spread,
    };
    Ok(StagedKey { key, credential, due_at })
}

//! A database that is damaged, half-changed, lost, or used twice: one sentence, and nothing is
//! touched that could still be saved.

use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use tokio::time::Instant;

use super::{Host, Said, sql};

const REMINDER: [&str; 7] = ["key", "add", "--label", "a", "--declared", "--expires", "2099-01-31"];

fn begun() -> Host {
    let host = Host::new();
    assert_eq!(host.run(&REMINDER).code, 0);
    host
}

fn assert_says(said: &Said, code: i32, sentence: &str) {
    assert_eq!((said.code, said.sentence()), (code, sentence), "{said:?}");
}

#[test]
fn a_database_that_was_cut_off_is_said_to_be_damaged_at_once() {
    let host = begun();
    let file = host.data().join("keylapse.db");
    let whole = std::fs::read(&file).unwrap();
    for length in [whole.len() - 4096, whole.len() / 2, 4096, 600] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let began = Instant::now();
        for args in [&["key", "list"][..], &["run", "--console"], &["migrate"], &["health"]] {
            let said = host.run(args);
            assert_says(&said, 1, "The database file is damaged: restore a backup.");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{length} bytes took too long");
        assert_eq!(std::fs::read(&file).unwrap(), whole[..length]);
    }
    std::fs::write(&file, whole).unwrap();
    assert_eq!(host.run(&["key", "list"]).code, 0);
}

#[test]
fn a_migration_that_did_not_end_is_told_in_one_sentence() {
    let host = begun();
    sql(
        &host,
        "UPDATE _sqlx_migrations SET success = 0 WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)",
    );
    for args in [&["key", "list"][..], &["migrate"], &["run", "--console"]] {
        let said = host.run(args);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(
            said.sentence().starts_with("The database's tables are half-changed (migration 2026")
                && said.sentence().ends_with("did not end). Restore a backup, then start again."),
            "{said:?}"
        );
        assert!(!said.err.contains("ERROR"), "{said:?}");
    }
}

#[test]
fn a_lost_database_beside_its_master_key_is_not_made_anew_in_silence() {
    let host = begun();
    let (file, key) = (host.data().join("keylapse.db"), host.data().join("master.key"));
    let whole = std::fs::read(&file).unwrap();
    let sentence = format!(
        "There is a master key at {}, and its database is missing or empty: bring the database back, or move the key file away to start anew. Nothing was changed.",
        key.display()
    );
    let commands = [
        &["key", "list"][..],
        &REMINDER,
        &["run", "--console"],
        &["migrate"],
        &["vault", "create"],
    ];
    std::fs::remove_file(&file).unwrap();
    // What a crash left: SQLite throws it away when it makes a new database.
    let log = host.file("data/keylapse.db-wal", "not yet in the database", 0o600);
    for args in commands {
        assert_says(&host.run(args), 2, &sentence);
        assert!(!file.exists() && log.exists(), "{args:?}");
    }
    std::fs::remove_file(&log).unwrap();
    host.file("data/keylapse.db", "", 0o600);
    for args in commands {
        assert_says(&host.run(args), 2, &sentence);
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 0, "{args:?}");
    }
    std::fs::write(&file, whole).unwrap();
    assert_eq!(host.run(&["key", "list"]).out.lines().count(), 1);
    // To start anew is a deed of its own.
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(&key).unwrap();
    let said = host.run(&["key", "list"]);
    assert!(said.code == 0 && said.err.contains("New master key"), "{said:?}");
}

#[test]
fn a_master_key_made_by_hand_opens_the_database_made_with_it() {
    let host = Host::new();
    assert_eq!(host.run(&["vault", "create"]).code, 0);
    let said = host.run(&REMINDER);
    assert!(said.code == 0 && !said.err.contains("New master key"), "{said:?}");
}

#[test]
fn two_bots_on_one_database_are_one_too_many_whatever_their_folders() {
    let (host, other) = (begun(), Host::new());
    let file = host.data().join("keylapse.db");
    other.configure(&format!(
        "[database]\nurl = \"sqlite:{}\"\n[vault]\nkey_file = \"{}\"\n",
        file.display(),
        host.data().join("master.key").display()
    ));
    let mut first = host.command(&["run", "--console"]).spawn().unwrap();
    let mut input = first.stdin.take().unwrap();
    let mut out = BufReader::new(first.stdout.take().unwrap());
    let mut greeting = String::new();
    out.read_line(&mut greeting).unwrap();
    assert!(greeting.starts_with("I watch the keys"), "{greeting}");
    let sentence = format!(
        "Another keylapse watches with this database ({}): two bots would warn twice. Stop it, or name another file in [database] url.",
        file.display()
    );
    assert_says(&other.run(&["run", "--console"]), 2, &sentence);
    // Beside a running bot everything else goes on, also with the lock held on the file.
    assert_eq!(other.run(&["key", "list"]).out.lines().count(), 1);
    input.write_all(b"quit\n").unwrap();
    assert!(first.wait().unwrap().success());
    let again = other.command(&["run", "--console"]).spawn().unwrap();
    assert_eq!(super::end(again, "quit\n").code, 0);
}

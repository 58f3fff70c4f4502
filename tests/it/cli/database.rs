//! A database that is damaged, half-changed, lost, or used twice: one sentence, and nothing is
//! touched that could still be saved.

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

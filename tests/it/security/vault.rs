//! Test 4: cells that were swapped, bent or put back, and master keys that are wrong, missing or made
//! twice. No secret is used in another's place, nothing that could be saved is changed.

use std::path::PathBuf;

use keylapse::exchange::simulator::Simulator;

use super::bot::Bot;
use super::{column, looks, make_due, wait_for_look};
use crate::cli::{Host, Said, end, harmless, lines, simulator};

const KEYS: [&str; 3] = ["one", "two", "sound"];
const FIELDS: [&str; 3] = ["sealed_key", "sealed_secret", "sealed_passphrase"];
const BROKEN: &str = "stored secret";

fn file(host: &Host) -> PathBuf {
    host.data().join("keylapse.db")
}

/// A sealed cell of the key's newest credential.
async fn cell(host: &Host, label: &str, field: &str) -> String {
    let query = format!("SELECT {field} FROM credentials WHERE id = ({})", newest(label));
    column(&file(host), query).await.remove(0)
}

/// Puts a sealed cell there.
async fn put(host: &Host, label: &str, field: &str, cell: &str) {
    let id = newest(label);
    let query = format!("UPDATE credentials SET {field} = '{cell}' WHERE id = ({id})");
    column(&file(host), query).await;
}

fn newest(label: &str) -> String {
    format!(
        "SELECT c.id FROM credentials c JOIN keys k ON k.id = c.key_id WHERE k.label = '{label}' ORDER BY c.generation DESC LIMIT 1"
    )
}

fn signed(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|seen| seen.signed).count()
}

/// A host with the keys `one`, `two` and `sound`, each asked once.
async fn host() -> (Host, Simulator) {
    let keys = KEYS.map(harmless);
    let simulator = simulator(&keys).await;
    let host = Host::with(&simulator);
    for key in &keys {
        let add = ["key", "add", "--label", &key.label, "--stdin"];
        let said = host.tell(&add, &lines(key));
        assert_eq!(said.code, 0, "{said:?}");
    }
    (host, simulator)
}

/// Tests these keys and lets the bot check all that is due: nothing is signed for them, and the
/// others go on.
async fn assert_unusable(host: &Host, simulator: &Simulator, bad: &[&str]) {
    let before = signed(simulator);
    for label in bad {
        let said = host.run(&["key", "test", label]);
        assert!([1, 2].contains(&said.code), "{said:?}");
        assert!(said.sentence().contains(BROKEN), "{said:?}");
        assert!(said.err.lines().count() <= 2, "one sentence: {said:?}");
    }
    assert_eq!(signed(simulator), before, "something was signed");
    make_due(host).await;
    let sound: Vec<&str> = KEYS.into_iter().filter(|label| !bad.contains(label)).collect();
    let mut before_each = Vec::new();
    for label in &sound {
        before_each.push(looks(host, label).await);
    }
    let bot = Bot::start(host, &[]);
    for (label, before) in sound.iter().zip(before_each) {
        wait_for_look(host, label, before).await;
    }
    let said = bot.quit();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.err.contains("Something broke"), "{said:?}");
    // Each key that is sound was asked once, and no other.
    assert_eq!(signed(simulator), before + sound.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_in_the_place_of_another_opens_nothing() {
    // One by one, and all three at once, which fit each other.
    for fields in [&FIELDS[..1], &FIELDS[1..2], &FIELDS[2..], &FIELDS] {
        let (host, simulator) = host().await;
        for field in fields {
            let (one, two) = (cell(&host, "one", field).await, cell(&host, "two", field).await);
            put(&host, "one", field, &two).await;
            put(&host, "two", field, &one).await;
        }
        assert_unusable(&host, &simulator, &["one", "two"]).await;
    }
    // Two fields of one key.
    let (host, simulator) = host().await;
    let secret = cell(&host, "one", "sealed_secret").await;
    put(&host, "one", "sealed_passphrase", &secret).await;
    assert_unusable(&host, &simulator, &["one"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_with_one_other_character_opens_nothing() {
    for at in [1, 12, 60, 80] {
        let (host, simulator) = host().await;
        let mut bent = cell(&host, "one", "sealed_secret").await;
        let other = if bent.as_bytes()[at] == b'B' { "C" } else { "B" };
        bent.replace_range(at..=at, other);
        put(&host, "one", "sealed_secret", &bent).await;
        assert_unusable(&host, &simulator, &["one"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_of_an_older_generation_put_back_opens_nothing() {
    let (host, simulator) = host().await;
    let mut old = Vec::new();
    for field in FIELDS {
        old.push(cell(&host, "one", field).await);
    }
    let newer = harmless("newer");
    simulator.add_key(newer.clone());
    let said = host.tell(&["key", "replace", "one", "--stdin", "--yes"], &lines(&newer));
    assert_eq!(said.code, 0, "{said:?}");
    for (field, cell) in FIELDS.iter().zip(old) {
        put(&host, "one", field, &cell).await;
    }
    assert_unusable(&host, &simulator, &["one"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_master_key_no_command_changes_a_byte() {
    let (host, simulator) = host().await;
    let own = host.data().join("master.key");
    let right = std::fs::read(&own).unwrap();
    let other = Host::new();
    assert_eq!(other.run(&["key", "list"]).code, 0);
    let wrong = std::fs::read(other.data().join("master.key")).unwrap();
    let (before, asked) = (std::fs::read(file(&host)).unwrap(), simulator.count());
    let csv = host.file("keys.csv", "label,expires\nr,2099-01-31\n", 0o600);
    let key = harmless("more");
    let commands: [&[&str]; 9] = [
        &["key", "list"],
        &["key", "show", "one"],
        &["key", "test", "one"],
        &["key", "accept", "one"],
        &["key", "remove", "one", "--yes"],
        &["key", "add", "--label", "more", "--stdin"],
        &["key", "import", csv.to_str().unwrap()],
        &["vault", "create"],
        &["run", "--console"],
    ];
    for bytes in [Some(&wrong), None] {
        match bytes {
            Some(bytes) => std::fs::write(&own, bytes).unwrap(),
            None => std::fs::remove_file(&own).unwrap(),
        }
        for args in commands {
            let said: Said = host.tell(args, &lines(&key));
            assert_eq!(said.code, 2, "{args:?}: {said:?}");
            assert!(said.sentence().contains("key"), "{args:?}: {said:?}");
            assert_eq!(std::fs::read(file(&host)).unwrap(), before, "{args:?} changed it");
            assert!(!host.data().join("keylapse.db-wal").exists(), "{args:?} left something");
            assert_eq!(own.exists(), bytes.is_some(), "{args:?}");
        }
    }
    assert_eq!(simulator.count(), asked, "the exchange was asked");
    std::fs::write(&own, right).unwrap();
    std::fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(host.run(&["key", "test", "one"]).code, 0);
}

#[test]
fn two_bots_that_start_first_at_once_share_one_master_key_and_one_watches() {
    let host = Host::new();
    let children: Vec<_> =
        (0..2).map(|_| host.command(&["run", "--console"]).spawn().unwrap()).collect();
    // The one that watches hears it and leaves; the other has left already.
    let said: Vec<Said> = std::thread::scope(|scope| {
        let ends: Vec<_> =
            children.into_iter().map(|child| scope.spawn(|| end(child, "quit\n"))).collect();
        ends.into_iter().map(|end| end.join().unwrap()).collect()
    });
    let made = said.iter().filter(|said| said.err.contains("New master key")).count();
    assert_eq!(made, 1, "{said:?}");
    for one in &said {
        match one.code {
            0 => assert!(one.out.contains("I watch the keys"), "{said:?}"),
            2 => assert!(one.sentence().starts_with("Another keylapse uses"), "{said:?}"),
            _ => panic!("{said:?}"),
        }
    }
    let keys = std::fs::read_to_string(host.data().join("master.key")).unwrap();
    assert_eq!(keys.lines().filter(|line| line.starts_with("keylapse-master-key")).count(), 1);
    assert_eq!(host.run(&["key", "list"]).code, 0);
}

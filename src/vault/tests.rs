use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;

use super::*;
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::KeyId;
use crate::private_file::Trust;

fn vault() -> Vault {
    Vault::new(MasterKey::generate().ok().unwrap(), Vec::new())
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn strict() -> Trust {
    Trust::new(None, false)
}

#[test]
fn a_cell_opens_in_its_own_place_and_nowhere_else() {
    let vault = vault();
    let workspaces = ["w1", "w2", "w1k"].map(|id| WorkspaceId(id.to_owned()));
    let keys = ["k1", "1", "k1s"].map(|id| KeyId(id.to_owned()));
    let mut names = Vec::new();
    for workspace in &workspaces {
        for key in &keys {
            for field in ["secret", "passphrase", "ecret"] {
                for site in [Site::Global, Site::Eu] {
                    for generation in ["1", "2", ""] {
                        let exchange = Exchange::Kucoin;
                        names.push(CellName { workspace, key, field, exchange, site, generation });
                    }
                }
            }
        }
    }
    let cells: Vec<_> = names.iter().map(|n| vault.seal(n, &secret("s")).unwrap()).collect();
    for (at, name) in names.iter().enumerate() {
        for (cell_at, cell) in cells.iter().enumerate() {
            match vault.open(name, cell) {
                Ok(opened) => assert!(at == cell_at && opened.expose() == "s"),
                Err(error) => assert!(at != cell_at && error == VaultError::Tampered),
            }
        }
    }
}

fn with_name<T>(f: impl FnOnce(&CellName<'_>) -> T) -> T {
    let (workspace, key) = (WorkspaceId("w".to_owned()), KeyId("k".to_owned()));
    f(&CellName {
        workspace: &workspace,
        key: &key,
        field: "secret",
        exchange: Exchange::Kucoin,
        site: Site::Global,
        generation: "1",
    })
}

#[test]
fn no_byte_and_no_character_of_a_cell_can_change() {
    with_name(|name| {
        let vault = vault();
        let sealed = vault.seal(name, &secret("hunter2-passphrase")).unwrap();
        let bytes = STANDARD_NO_PAD.decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert!(vault.open(name, &STANDARD_NO_PAD.encode(bad)).is_err(), "byte {at}");
            }
        }
        for at in 0..sealed.len() {
            let other = if sealed.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut bad = sealed.clone();
            bad.replace_range(at..=at, other);
            assert!(vault.open(name, &bad).is_err(), "character {at}");
            assert!(vault.open(name, &sealed[..at]).is_err(), "cut at {at}");
        }
        assert!(vault.open(name, &format!("{sealed}=")).is_err());
        assert_eq!(vault.open(name, &sealed).ok().unwrap().expose(), "hunter2-passphrase");
    });
}

#[test]
fn equal_secrets_do_not_look_equal_and_empty_ones_work() {
    with_name(|name| {
        let vault = vault();
        let (one, two) = (vault.seal(name, &secret("")), vault.seal(name, &secret("")));
        assert_ne!(one, two);
        assert!(vault.open(name, &one.unwrap()).ok().unwrap().is_empty());
    });
}

#[test]
fn another_key_opens_nothing_and_an_older_one_still_does() {
    with_name(|name| {
        let (old, new) = (MasterKey::generate().ok().unwrap(), MasterKey::generate().ok().unwrap());
        let copy = MasterKey::from_bytes(old.bytes.clone());
        let before = Vault::new(old, Vec::new());
        let (sealed, check) = (before.seal(name, &secret("s")).unwrap(), before.check_value());
        assert_eq!(vault().open(name, &sealed).err(), Some(VaultError::UnknownKey));
        assert_eq!(vault().verify_check_value(&check), Err(VaultError::WrongKey));

        let after = Vault::new(new, vec![copy]);
        assert_eq!(after.open(name, &sealed).ok().unwrap().expose(), "s");
        assert_eq!(after.verify_check_value(&check), Ok(()));
        let resealed = after.seal(name, &secret("s")).unwrap();
        assert_eq!(before.open(name, &resealed).err(), Some(VaultError::UnknownKey));
    });
}

#[test]
fn a_check_value_knows_its_key_and_no_other_form() {
    let vault = vault();
    let value = vault.check_value();
    assert_eq!(vault.verify_check_value(&value), Ok(()));
    let (head, mac) = value.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", STANDARD_NO_PAD.encode([0; 32]));
    assert_eq!(vault.verify_check_value(&forged), Err(VaultError::WrongKey));
    assert_eq!(
        vault.verify_check_value(&format!("{head}.{}", &mac[..8])),
        Err(VaultError::WrongKey)
    );
    for wrong in ["", "1", "2.a.b", "1.a.!", &format!("{value}.x")] {
        assert_eq!(vault.verify_check_value(wrong), Err(VaultError::Form), "{wrong}");
    }
}

#[test]
fn a_fingerprint_is_equal_for_the_same_key_in_the_same_workspace_only() {
    let (vault, other) = (vault(), vault());
    let w = |id: &str| WorkspaceId(id.to_owned());
    let one = vault.fingerprint(&w("a"), &secret("bc"));
    assert_eq!(one, vault.fingerprint(&w("a"), &secret("bc")));
    assert_eq!(one.len(), 64);
    for different in [
        vault.fingerprint(&w("ab"), &secret("c")),
        vault.fingerprint(&w("a"), &secret("bC")),
        other.fingerprint(&w("a"), &secret("bc")),
    ] {
        assert_ne!(one, different);
    }
}

#[test]
fn known_values_keep_old_databases_readable() {
    with_name(|name| {
        let vault = Vault::new(MasterKey::from_bytes(Zeroizing::new(vec![7; 32])), Vec::new());
        assert_eq!(
            vault.check_value(),
            "1.b8b66751f49f.Tdb0nPFm9pVlIF6InTcxFav9WsvQfiLikvYaUwdKmcA"
        );
        assert_eq!(
            vault.fingerprint(name.workspace, &secret("6705f5c3")),
            "535d376b4084cdc2f8cf29815e302c01d24869ed624a7faf2864ea3b42f39809"
        );
        assert_eq!(
            vault
                .open(
                    name,
                    "Abi2Z1H0n5UYu83IU8dhfbjVCyAnuRGqu0xTbd/6ZeBIA0nwcF1iAklJ3y8OmmMaWCVLrw"
                )
                .ok()
                .unwrap()
                .expose(),
            "known"
        );
    });
}

#[test]
fn a_key_file_is_private_whole_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let made = Vault::create_key_file(&path).ok().unwrap();
    let meta = std::fs::metadata(&path).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(
        Vault::create_key_file(&path).err(),
        Some(KeyFileError::Exists(path.display().to_string()))
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

    let opened = Vault::open_key_file(&path, &strict()).ok().unwrap();
    assert_eq!(opened.verify_check_value(&made.check_value()), Ok(()));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(Vault::open_key_file(&path, &strict()), Err(KeyFileError::File(_))));
    assert!(Vault::open_key_file(&path, &Trust::new(None, true)).is_ok());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(Vault::open_key_file(&path, &Trust::new(None, true)).is_err());
}

#[test]
fn a_damaged_key_file_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let good = String::clone(&key_file_line());
    let said = |text: &[u8]| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let said = Vault::open_key_file(&path, &strict()).err().map(|error| error.to_string());
        said.map(|said| said.replace(&path.display().to_string(), "FILE"))
    };
    let damaged = |line| {
        format!(
            "Line {line} of FILE is no master key or is damaged: bring back the file as keylapse made it."
        )
    };
    assert_eq!(said(good.as_bytes()), None);
    assert_eq!(said(format!("# new\n{good}\n# old\n{}", *key_file_line()).as_bytes()), None);
    assert_eq!(said(good.trim_end().as_bytes()), None);
    let empty = "FILE holds no master key: bring back the file as keylapse made it.".to_owned();
    assert_eq!(said(b""), Some(empty));
    assert_eq!(said(b"\xff"), Some(damaged(1)));
    assert_eq!(said(good.replace("key-1", "key-2").as_bytes()), Some(damaged(1)));
    assert_eq!(said(format!("{good}junk\n").as_bytes()), Some(damaged(2)));
    assert_eq!(said(format!("{} x\n", good.trim_end()).as_bytes()), Some(damaged(1)));
    for at in 0..good.trim_end().len() {
        if good.as_bytes()[at] != b' ' {
            let other = if good.as_bytes()[at] == b'b' { "c" } else { "b" };
            let mut bad = good.clone();
            bad.replace_range(at..=at, other);
            assert!(said(bad.as_bytes()).is_some(), "character {at}");
        }
    }
}

fn key_file_line() -> Zeroizing<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("k");
    Vault::create_key_file(&path).ok().unwrap();
    Zeroizing::new(std::fs::read_to_string(path).unwrap())
}

#[test]
fn of_many_first_starts_one_makes_the_key_and_all_use_it() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let gate = Barrier::new(8);
        let start = || {
            gate.wait();
            Vault::create_or_open(&path, &strict()).ok().unwrap()
        };
        let started: Vec<(Vault, bool)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(started.iter().filter(|(_, new)| *new).count(), 1);
        let check = started[0].0.check_value();
        assert!(started.iter().all(|(vault, _)| vault.check_value() == check));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_key_is_made_only_where_nothing_can_be_sealed() {
    for holds in [Holds::Nothing, Holds::Tables, Holds::Secrets] {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            for key_file in [true, false] {
                let found = Found { key_file, backend, holds };
                let decided = decide(found, Path::new("/d/master.key"));
                let refused = |words: &str| {
                    matches!(&decided, Start::Refuse(said)
                        if said.contains("/d/master.key") && said.contains(words))
                };
                let is_right = match (key_file, holds, backend) {
                    (true, Holds::Nothing, Backend::Sqlite) => refused("missing or empty"),
                    (true, ..) => decided == Start::Open,
                    (false, Holds::Secrets, _) => refused("there is no key file"),
                    (false, _, Backend::Sqlite) => decided == Start::Create,
                    (false, _, Backend::Postgres) => refused("makes none by itself"),
                };
                assert!(is_right, "{found:?} {decided:?}");
            }
        }
    }
}

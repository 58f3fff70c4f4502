//! First starts and broken ones: the master key, the database, the folder.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use super::{Host, end, mode, simulator, sql};
use crate::fakes::{discord, telegram};
use crate::program::put_token;

const REMINDER: [&str; 7] = ["key", "add", "--label", "a", "--declared", "--expires", "2099-01-31"];

fn begun() -> Host {
    let host = Host::new();
    assert_eq!(host.run(&REMINDER).code, 0);
    host
}

fn bytes(host: &Host) -> Vec<u8> {
    std::fs::read(host.data().join("keylapse.db")).unwrap()
}

#[test]
fn a_first_start_makes_private_files_and_says_what_the_key_is() {
    let host = Host::new();
    let said = host.run(&["key", "list"]);
    assert_eq!(said.code, 0, "{said:?}");
    let key = host.data().join("master.key");
    let sentence = format!("New master key: {}. It opens the stored secrets", key.display());
    assert!(said.err.contains(&sentence), "{said:?}");
    assert_eq!(mode(&host.data()), 0o700);
    for file in std::fs::read_dir(host.data()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    assert!(!host.run(&["key", "list"]).err.contains("New master key"));
}

#[test]
fn several_first_starts_at_once_share_one_master_key() {
    let host = Host::new();
    let children: Vec<_> =
        (0..4).map(|_| host.command(&["key", "list"]).spawn().unwrap()).collect();
    let said: Vec<_> = children.into_iter().map(|child| end(child, "")).collect();
    assert!(said.iter().all(|said| said.code == 0), "{said:?}");
    let new = said.iter().filter(|said| said.err.contains("New master key")).count();
    assert_eq!(new, 1, "{said:?}");
}

#[test]
fn a_wrong_or_missing_master_key_changes_nothing() {
    let (host, other) = (begun(), begun());
    let key = host.data().join("master.key");
    let own = std::fs::read(&key).unwrap();
    let before = bytes(&host);
    std::fs::copy(other.data().join("master.key"), &key).unwrap();
    let said = host.run(&["key", "list"]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.sentence(),
        "The master key does not belong to this database: bring back the key file that was made with it. Nothing was changed."
    );
    std::fs::remove_file(&key).unwrap();
    let said = host.run(&["key", "list"]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.sentence(),
        format!(
            "The database holds secrets of a master key, and there is no key file at {}: bring that file back. Nothing was changed.",
            key.display()
        )
    );
    assert_eq!(host.run(&["vault", "create"]).code, 2);
    assert!(!key.exists());
    host.file("data/master.key", "hush", 0o600);
    let said = host.run(&["key", "list"]);
    assert!(said.code == 2 && said.sentence().starts_with("Line 1 of"), "{said:?}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = host.run(&["key", "list"]);
    assert!(said.sentence().contains("can be read by others (mode 644)"), "{said:?}");
    assert_eq!(bytes(&host), before);
    std::fs::write(&key, own).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(host.run(&["key", "list"]).code, 0);
}

#[test]
fn a_newer_or_foreign_database_is_left_alone() {
    let host = begun();
    sql(
        &host,
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (99991231000000, 'later', '2099-01-01', 1, x'00', 0)",
    );
    for args in [&["key", "list"][..], &["migrate"]] {
        let said = host.run(args);
        assert_eq!(said.code, 2);
        assert_eq!(
            said.sentence(),
            "This database was made by a newer keylapse. Install that version, or restore an older backup."
        );
    }
    let host = begun();
    std::fs::write(
        host.data().join("keylapse.db"),
        "this is no database, only some text in a file",
    )
    .unwrap();
    let said = host.run(&["key", "list"]);
    assert_eq!(said.code, 2);
    assert_eq!(
        said.sentence(),
        "The database file is not one of keylapse: restore a backup, or name another file in [database] url."
    );
}

#[test]
fn migrate_says_from_where_to_where() {
    let host = Host::new();
    let said = host.run(&["migrate"]);
    assert!(said.out.starts_with("Migrated from nothing to 2026"), "{said:?}");
    assert!(host.run(&["migrate"]).out.ends_with("Nothing was changed.\n"));
    assert!(!host.data().join("master.key").exists());
}

#[test]
fn health_without_a_bot_says_how_to_start_one() {
    let host = Host::new();
    let sentence = "keylapse is not running here: start keylapse run --console.";
    let said = host.run(&["health"]);
    assert_eq!((said.code, said.sentence()), (1, sentence));
    assert!(!host.data().exists());
    let host = begun();
    assert_eq!(host.run(&["health"]).sentence(), sentence);
    sql(
        &host,
        "INSERT INTO install (name, value) VALUES ('heartbeat', '{\"checks_at\":\"2099-01-01T00:00:00Z\",\"deliveries_at\":\"2099-01-01T00:00:00Z\",\"at\":\"2099-01-01T00:00:00Z\"}')",
    );
    assert_eq!(host.run(&["health"]).code, 0);
}

#[test]
fn a_database_that_can_only_be_read_is_said_to_be() {
    let host = begun();
    let file = host.data().join("keylapse.db");
    let before = bytes(&host);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).unwrap();
    let mut command = host.command(&REMINDER);
    if is_root() {
        // Nothing is read-only for root: another user starts it.
        let nobody = 65_534;
        let parent = host.data().parent().unwrap().to_owned();
        let mut paths = vec![parent, host.data()];
        paths.extend(std::fs::read_dir(host.data()).unwrap().map(|file| file.unwrap().path()));
        for path in &paths {
            chown(path, Some(nobody), Some(nobody)).unwrap();
        }
        command.uid(nobody).gid(nobody);
    }
    let said = end(command.spawn().unwrap(), "");
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(
        said.sentence(),
        "The database can only be read. Make its file and folder writable for keylapse; nothing was changed."
    );
    assert_eq!(bytes(&host), before);
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|meta| meta.uid() == 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_takes_everything_of_ours_and_names_what_is_left_elsewhere() {
    let host = Host::new();
    let added = host.run(&[
        "key",
        "add",
        "--label",
        "old-sub",
        "--declared",
        "--expires",
        "2099-01-01",
        "--yes",
    ]);
    assert_eq!(added.code, 0, "{added:?}");
    let asked = host.run(&["wipe"]);
    assert_eq!(asked.code, 2, "{asked:?}");
    assert!(asked.sentence().contains("--yes"), "{asked:?}");
    let gone = host.run(&["wipe", "--yes"]);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert!(gone.out.contains("still work at KuCoin (old-sub)"), "{gone:?}");
    assert!(!gone.out.contains("bot"), "there is none to delete: {gone:?}");
    assert_eq!(left(&host), Vec::<String>::new());
}

/// What lies in the data folder.
fn left(host: &Host) -> Vec<String> {
    let files = std::fs::read_dir(host.data()).unwrap().flatten();
    let mut names: Vec<String> =
        files.map(|file| file.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn leaving_keeps_settings_and_tokens_and_names_them_with_what_is_left_on_the_platforms() {
    let host = Host::new();
    host.configure(
        "[telegram]\ntoken_file = \"telegram.token\"\n[discord]\ntoken_file = \"../mine\"\n",
    );
    put_token(&host, "telegram.token", telegram::TOKEN);
    host.file("mine", discord::TOKEN, 0o600);
    assert_eq!(host.run(&["key", "list"]).code, 0);
    assert!(left(&host).contains(&"master.key".to_owned()));
    let gone = host.run(&["wipe", "--yes"]);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert_eq!(left(&host), ["keylapse.toml", "telegram.token"]);
    let mine = host.data().join("../mine");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), discord::TOKEN);
    for named in [
        format!("{} and the token files it names.", host.data().join("keylapse.toml").display()),
        format!("{}: whoever has it", host.data().join("telegram.token").display()),
        "/deletebot at @BotFather".to_owned(),
        "delete it in the Developer Portal".to_owned(),
        "Backups of the database and of the master key.".to_owned(),
    ] {
        assert!(gone.out.contains(&named), "{named} is not named: {gone:?}");
    }
    assert!(![telegram::TOKEN, discord::TOKEN].iter().any(|token| gone.out.contains(token)));
}

#[test]
fn leaving_names_the_tokens_that_an_interrupted_setup_left() {
    let host = begun();
    for name in ["telegram.token.new", "discord.token.new", "keylapse.toml.new"] {
        put_token(&host, name, telegram::TOKEN);
    }
    let gone = host.run(&["wipe", "--yes"]);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert_eq!(left(&host), ["discord.token.new", "keylapse.toml.new", "telegram.token.new"]);
    let named = format!("{}: settings that", host.data().join("keylapse.toml.new").display());
    assert!(gone.out.contains(&named), "{named} is not named: {gone:?}");
    for name in ["discord.token.new", "telegram.token.new"] {
        let named = format!("{}: whoever has it", host.data().join(name).display());
        assert!(gone.out.contains(&named), "{named} is not named: {gone:?}");
    }
}

/// Moves a file of the data folder elsewhere and leaves links to it: there a relative one, here an
/// absolute one.
fn moved_behind_links(host: &Host, elsewhere: &Path, name: &str) {
    let (here, middle) = (host.data().join(name), elsewhere.join(format!("{name}-link")));
    std::fs::rename(&here, elsewhere.join(format!("true-{name}"))).unwrap();
    symlink(format!("true-{name}"), &middle).unwrap();
    symlink(&middle, &here).unwrap();
}

#[test]
fn leaving_takes_the_files_behind_links_and_then_the_links() {
    let (host, elsewhere) = (begun(), tempfile::tempdir().unwrap());
    moved_behind_links(&host, elsewhere.path(), "keylapse.db");
    moved_behind_links(&host, elsewhere.path(), "master.key");
    let listed = host.run(&["key", "list"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    // As a run that was killed leaves it.
    std::fs::write(elsewhere.path().join("true-keylapse.db-journal"), "").unwrap();
    let gone = host.run(&["wipe", "--yes"]);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert!(gone.out.contains("still work at KuCoin (a)"), "{gone:?}");
    assert_eq!(left(&host), Vec::<String>::new());
    let files = std::fs::read_dir(elsewhere.path()).unwrap().flatten();
    assert_eq!(files.map(|file| file.path()).collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn leaving_takes_side_files_behind_a_link_whose_database_is_gone() {
    let (host, elsewhere) = (begun(), tempfile::tempdir().unwrap());
    moved_behind_links(&host, elsewhere.path(), "keylapse.db");
    std::fs::remove_file(elsewhere.path().join("true-keylapse.db")).unwrap();
    for suffix in ["-wal", "-shm"] {
        let side = elsewhere.path().join(format!("true-keylapse.db{suffix}"));
        std::fs::write(side, "pages").unwrap();
    }
    let gone = host.run(&["wipe", "--yes"]);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn leaving_names_what_cannot_be_deleted_behind_a_link_and_keeps_the_link() {
    let (host, elsewhere) = (begun(), tempfile::tempdir().unwrap());
    let key = host.data().join("master.key");
    std::fs::remove_file(&key).unwrap();
    // A folder: not even root deletes it as a file.
    let stuck = elsewhere.path().join("stuck");
    std::fs::create_dir(&stuck).unwrap();
    symlink(&stuck, &key).unwrap();
    let said = host.run(&["wipe", "--yes"]);
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.sentence().contains(&format!("{} could not be", stuck.display())), "{said:?}");
    assert!(!said.out.contains("Forgotten"), "{said:?}");
    assert!(key.is_symlink());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_made_only_where_the_settings_allow_it() {
    let host = begun();
    let telegram = "[telegram]\ntoken_file = \"telegram.token\"\n";
    host.configure(telegram);
    put_token(&host, "telegram.token", telegram::TOKEN);
    let refused = host.run(&["invite"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.sentence().contains("enrol = \"invite\""), "{refused:?}");
    host.configure(&format!("{telegram}[access]\nenrol = \"invite\"\n"));
    let invited = host.run(&["invite", "--role", "admin"]);
    assert_eq!(invited.code, 0, "{invited:?}");
    assert!(
        invited.out.contains("/start ") && invited.out.contains("admin of home"),
        "{invited:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_looks_at_everything_and_names_what_mends_it() {
    let exchange = simulator(&[]).await;
    let host = Host::with(&exchange);
    assert_eq!(host.run(&["key", "list"]).code, 0);
    let looked = host.run(&["doctor"]);
    for words in [
        "The settings in",
        "The master key lies beside the database",
        "has the tables of this version",
        "MB are left",
        "No bot is running on this data: start keylapse run.",
        "home tells one receiver.",
        "This clock and KuCoin's agree",
        "KuCoin says that it is open.",
    ] {
        assert!(looked.out.contains(words), "{words}: {looked:?}");
    }
    assert_eq!(looked.code, 0, "{looked:?}");
    exchange.shutdown().await;
    let looked = host.run(&["doctor"]);
    assert_eq!(looked.code, 1, "{looked:?}");
    assert!(
        looked.out.contains("cannot be asked the time from this machine (network)"),
        "{looked:?}"
    );
}

//! A disk without room: one sentence, nothing half done, and everything there when room is back.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::Connection;

use super::bot::Bot;
use super::{column, open};
use crate::cli::{Host, Said, end};

const REMINDER: [&str; 7] = ["key", "add", "--label", "b", "--declared", "--expires", "2099-01-31"];

/// The same command behind a shell's limit on the size of files, in blocks of half a kilobyte.
fn limited(host: &Host, blocks: u32, args: &[&str]) -> Command {
    let inner = host.command(args);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -f {blocks}; exec \"$0\" \"$@\""));
    command.arg(inner.get_program()).args(inner.get_args());
    command.env_clear().env("HOME", host.data()).env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn import(host: &Host, rows: u32) -> String {
    let rows = (0..rows).map(|n| format!("r-{n},2099-01-31\n")).collect::<Vec<_>>().concat();
    let path = host.file("keys.csv", &format!("label,expires\n{rows}"), 0o600);
    path.to_str().unwrap().to_owned()
}

async fn assert_whole(database: &Path, keys: usize) {
    assert_eq!(column(database, "PRAGMA integrity_check".to_owned()).await, ["ok"]);
    assert!(column(database, "PRAGMA foreign_key_check".to_owned()).await.is_empty());
    assert_eq!(column(database, "SELECT id FROM keys".to_owned()).await.len(), keys);
}

fn assert_no_room(said: &Said) {
    assert_eq!(said.code, 1, "{said:?}");
    let told = said.sentence();
    assert!(told.contains("disk") && told.contains("space"), "{said:?}");
    assert!(told.contains("Nothing was changed"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_file_sizes_ends_a_command_with_a_sentence_and_not_with_a_signal() {
    let host = Host::new();
    let mut first = REMINDER;
    first[3] = "a";
    assert_eq!(host.run(&first).code, 0);
    let database = host.data().join("keylapse.db");
    let file = import(&host, 3_000);
    for blocks in [1, 8, 24] {
        for args in [&REMINDER[..], &["key", "import", &file], &["run", "--console"]] {
            let said = end(limited(&host, blocks, args).spawn().unwrap(), "quit\n");
            if said.code == 0 {
                // Little enough was written for this limit.
                assert!(args[0] == "run" && blocks > 8, "{args:?} {blocks}: {said:?}");
            } else {
                assert_no_room(&said);
            }
            assert_whole(&database, 1).await;
        }
    }
    assert_eq!(host.run(&REMINDER).code, 0);
    assert_eq!(host.run(&["key", "import", &file]).code, 0);
    assert_whole(&database, 3_002).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_without_room_leaves_nothing_in_the_way_of_the_next() {
    for blocks in [0, 1, 16, 64] {
        let host = Host::new();
        let said = end(limited(&host, blocks, &REMINDER).spawn().unwrap(), "");
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.sentence().contains("disk"), "{said:?}");
        let said = host.run(&REMINDER);
        assert_eq!(said.code, 0, "{blocks}: {said:?}");
        assert_whole(&host.data().join("keylapse.db"), 1).await;
    }
}

/// In a mount namespace of its own: a small file system, filled to the brim between two commands,
/// with what the commands said. `$0` is the program, `$1` the host's folder.
const STORY: &str = r#"
mount -t tmpfs -o size=2m,mode=700 none "$1/data" || exit 77
key() { name=$1; shift; "$PROGRAM" --data "$DIR/data" "$@" >"$DIR/$name.out" 2>"$DIR/$name.err" </dev/null; echo $? >"$DIR/$name.code"; }
PROGRAM=$0 DIR=$1
key begin key add --label a --declared --expires 2099-01-31
dd if=/dev/zero of="$DIR/data/filler" bs=4096 2>/dev/null
key add key add --label b --declared --expires 2099-01-31
key import key import "$DIR/keys.csv"
key run run --console
rm "$DIR/data/filler"
key again key add --label b --declared --expires 2099-01-31
cp "$DIR/data/keylapse.db" "$DIR/after.db"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_called_full_and_nothing_is_half_done() {
    let host = Host::new();
    let folder = host.data().parent().unwrap().to_owned();
    std::fs::create_dir_all(host.data()).unwrap();
    import(&host, 3_000);
    let told = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", STORY])
        .arg(env!("CARGO_BIN_EXE_keylapse"))
        .arg(&folder)
        .output();
    match told {
        Ok(told) if told.status.success() => {}
        // A machine that allows no mounts; the limits above run everywhere.
        told => {
            // Past the test's own capture, so that it is always seen.
            let _ = writeln!(
                std::io::stderr(),
                "NOT RUN: a_full_disk_...: no file system can be mounted here ({told:?})"
            );
            return;
        }
    }
    let said = |name: &str| {
        let read =
            |end: &str| std::fs::read_to_string(folder.join(format!("{name}.{end}"))).unwrap();
        Said { code: read("code").trim().parse().unwrap(), out: read("out"), err: read("err") }
    };
    assert_eq!(said("begin").code, 0, "{:?}", said("begin"));
    for name in ["add", "import", "run"] {
        assert_no_room(&said(name));
    }
    assert_eq!(said("again").code, 0, "{:?}", said("again"));
    assert_whole(&folder.join("after.db"), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_disk_fills_up_answers_and_goes_on_when_there_is_room() {
    let host = Host::new();
    assert_eq!(host.run(&REMINDER).code, 0);
    // Room for the start, and for little after it.
    let mut bot = Bot::spawn(limited(&host, 96, &["run", "--console"]));
    bot.wait_for("I watch the keys");
    // While somebody reads, what is written stands behind all that was written before.
    let database = host.data().join("keylapse.db");
    let mut reader = open(&database).await;
    for statement in ["BEGIN", "SELECT id FROM keys"] {
        sqlx::query(statement).execute(&mut reader).await.unwrap();
    }
    let file = import(&host, 3_000);
    assert_eq!(host.run(&["key", "import", &file]).code, 0);
    for label in ["r-0", "r-1"] {
        bot.say(&format!("/keystatus {label}"));
        bot.wait_for(&format!("{label}: ends"));
    }
    bot.say("/help why");
    bot.wait_for("Example: /why");
    // Room again: all of it goes into the database, and the log begins anew.
    reader.close().await.unwrap();
    column(&database, "PRAGMA wal_checkpoint(TRUNCATE)".to_owned()).await;
    bot.say("/keystatus r-2");
    bot.wait_for("[1]");
    let said = bot.quit();
    assert!(said.out.find("[1]") > said.out.find("Example: /why"), "never full: {said:?}");
    assert_whole(&database, 3_001).await;
}

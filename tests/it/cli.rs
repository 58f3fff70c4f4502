//! The program from outside: started as people start it, in a folder of its own, against a pretended
//! KuCoin on this machine where one is needed.

mod bad_input;
mod database;
mod doctor;
mod entries;
mod import;
mod keys;
mod newcomers;
mod run;
mod setup;
mod start;
mod terminal;

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use keylapse::clock::System;
use keylapse::exchange::simulator::{SimKey, Simulator};
use tempfile::TempDir;

/// The program under test: the one that cargo built for it, or one that the environment names.
fn program() -> PathBuf {
    let named = std::env::var_os("KEYLAPSE_TEST_PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_keylapse").into())
}

/// A folder, and the program in it.
pub struct Host {
    dir: TempDir,
}

/// What one run said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The last line for people, which is the sentence where something went wrong.
    pub fn sentence(&self) -> &str {
        self.err.lines().last().unwrap_or_default()
    }
}

impl Host {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A host whose KuCoin is this simulator.
    pub fn with(simulator: &Simulator) -> Self {
        let host = Self::new();
        host.configure(&format!("[kucoin]\nbase_url = \"{}\"\n", simulator.base_url()));
        host
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes the settings file.
    pub fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.data()).unwrap();
        std::fs::set_permissions(self.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let path = self.data().join("keylapse.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// A file beside the data folder.
    pub fn file(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.env_clear().env("HOME", self.dir.path()).arg("--data").arg(self.data()).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Said {
        self.tell(args, "")
    }

    /// Runs with this input.
    pub fn tell(&self, args: &[&str], input: &str) -> Said {
        end(self.command(args).spawn().unwrap(), input)
    }
}

/// Feeds a process and waits for its end.
pub fn end(mut child: Child, input: &str) -> Said {
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub async fn simulator(keys: &[SimKey]) -> Simulator {
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::start(Arc::new(System::new()), here).await.unwrap();
    for key in keys {
        simulator.add_key(key.clone());
    }
    simulator
}

/// A key that may come in without a word: a sub-account's, bound to the address of all callers.
pub fn harmless(label: &str) -> SimKey {
    let mut key = SimKey::made_up(label);
    key.sub_name = Some("desk".to_owned());
    key.addresses = vec!["203.0.113.7".parse().unwrap()];
    key
}

/// The three lines of `--stdin`.
pub fn lines(key: &SimKey) -> String {
    format!("{}\n{}\n{}\n", key.key, key.secret, key.passphrase)
}

pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs SQL on a host's database.
pub fn sql(host: &Host, text: &'static str) {
    let url = format!("sqlite://{}", host.data().join("keylapse.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        sqlx::any::install_default_drivers();
        let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
        sqlx::query(text).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

//! The program at rest with both platforms connected, as the kernel counts its memory.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use keylapse::clock::{Clock, System};

use crate::fakes::{discord, telegram};
use crate::town::{self, KEYS, SERVER};

/// Long enough for everything that a start allocates and gives back.
const REST: Duration = Duration::from_secs(20);

struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program, waits until it is quiet, and says what it holds.
pub async fn at_rest() -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(System::new());
    let group = telegram::Fake::start(clock).await;
    group.room(-500, "group", "Desk");
    let server = discord::Fake::start().await;
    town::populate(&server);
    let home = tempfile::tempdir()?;
    let data = home.path().join("data");
    std::fs::create_dir(&data)?;
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))?;
    write(&data.join("telegram.token"), telegram::TOKEN)?;
    write(&data.join("discord.token"), discord::TOKEN)?;
    let settings = format!(
        "[telegram]\ntoken_file = \"telegram.token\"\napi_url = \"{}\"\n\
         [discord]\ntoken_file = \"discord.token\"\napi_url = \"{}\"\n\
         [[workspace]]\nname = \"Desk\"\nzone = \"UTC\"\ntelegram_chats = [\"-500\"]\ndiscord_server = \"{SERVER}\"\n\
         [[workspace.receiver]]\nplatform = \"discord\"\nname = \"keys\"\nchannel = \"{KEYS}\"\n",
        group.url(),
        server.url()
    );
    write(&data.join("keylapse.toml"), &settings)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_keylapse"));
    command.env_clear().env("HOME", home.path()).arg("--data").arg(&data).arg("run");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let bot = Bot(command.spawn()?);
    server.until("its commands are there", |state| state.commands.contains_key(&SERVER)).await;
    group.until("it polls", telegram::Fake::is_polled).await;
    tokio::time::sleep(REST).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", bot.0.id()))?;
    for name in ["VmRSS", "VmHWM"] {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or("not told here");
        println!("the program at rest, both platforms connected: {line}");
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text)?;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?)
}

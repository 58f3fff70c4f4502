//! `keylapse gallery`: every message that the bot says, as each platform shows it and as it is sent.
//! The whole bot runs on the demo's stage through one situation after another; the messages are
//! what its courier and its counter give to the platforms. Two runs print the same.

mod album;
mod answers;
mod doors;
mod endings;
mod guide;
mod leaks;
mod page;
mod reading;
mod scenes;
mod stand;
mod troubles;

use std::fmt::Write as _;

use self::page::Scene;
use super::ask::Terminal;
use super::failure::Failure;

const HEAD: &str = "\
# What keylapse says

Made by `keylapse gallery > docs/gallery.md`; a test holds this page equal to what that prints. The
whole bot runs against the pretended KuCoin on a Monday in November 2026, Berlin time, told on three
platforms at once. Nothing is written by hand: each message is the body that goes to the platform,
below it folded away, and above it what a person reads there, taken from that body. Discord shows
moments in each reader's own zone. Where Discord reads as Telegram does, but for whom it calls and
how its buttons stand, it is shown once. The preview is what a locked phone shows, forty characters.
Ids of buttons and messages are numbered, because they differ each time.
";

/// Prints the gallery.
pub async fn run(terminal: &mut Terminal) -> Result<(), Failure> {
    let document = document().await.map_err(|error| Failure::unexpected(&*error))?;
    terminal.say(document.trim_end())
}

async fn document() -> anyhow::Result<String> {
    let mut out = HEAD.to_owned();
    for (title, scenes) in [
        ("The end of a key", scenes::ends().await?),
        ("Refused", scenes::refused().await?),
        ("A leaked key", leaks::leaked().await?),
        ("Rights and addresses", scenes::rights().await?),
        ("This monitor sees nothing", troubles::blind().await?),
        ("Over", endings::over().await?),
        ("Several at once", endings::several().await?),
        ("The bot's own troubles and tests", troubles::own().await?),
        ("How the keys are", answers::keys().await?),
        ("Questions", answers::questions().await?),
        ("Guided help", guide::guide().await?),
        ("First contact, privacy, late buttons", answers::people().await?),
        ("Codes, roles and settings", doors::doors().await?),
    ] {
        writeln!(out, "\n## {title}\n")?;
        for scene in &scenes {
            anyhow::ensure!(!scene.is_empty(), "nothing is seen of {}", scene.name);
            Scene::write(scene, &mut out)?;
        }
    }
    Ok(out)
}

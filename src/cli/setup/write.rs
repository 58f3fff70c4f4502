//! The files that setup writes: the settings, only ever added to, and one private file a token.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::config::{Config, FILE_NAME, Flags};
use crate::domain::receiver::Platform;
use crate::private_file;
use crate::secret::Secret;

/// The settings file: the one that was named, or the data folder's.
pub fn file(flags: &Flags, config: &Config) -> PathBuf {
    let named = flags.config.clone().or_else(|| config.file.clone());
    named.unwrap_or_else(|| config.data_dir.join(FILE_NAME))
}

/// A new settings file with what everybody needs, the rest as comments.
pub fn begin(path: &Path, zone: &str) -> Result<(), Failure> {
    let text = format!(
        "# keylapse's settings. Every line can be left out; README.md explains them all, and\n\
         # `keylapse check-config` shows what is in force and who set it.\n\
         \n\
         # [kucoin]\n\
         # site = \"global\"            # global, eu, au or tr\n\
         \n\
         # [schedule]\n\
         # check = \"every 5 min\"\n\
         \n\
         # [access]\n\
         # operator = \"who runs this and how to reach them\"\n\
         # enrol = \"invite\"           # lets `keylapse invite` make codes for more chats\n\
         \n\
         # [alerts]\n\
         # morning = \"09:00\"          # what is not critical waits for it\n\
         \n\
         # Chats and people that come in with a code are kept in the database, not here: /notify and\n\
         # /settings show them.\n\
         [[workspace]]\n\
         name = \"home\"\n\
         zone = \"{zone}\"\n"
    );
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    put(path, opened, &text)
}

/// Notes that a platform is wanted, by a section without a token yet.
pub fn want(path: &Path, platform: Platform) -> Result<(), Failure> {
    if names(path, platform)? {
        return Ok(());
    }
    let text = read(path)?;
    replace(path, &format!("{}\n\n[{}]\n", text.trim_end(), platform.id()))
}

/// Takes a platform's section out again that holds nothing; one with settings in it stays.
pub fn unwant(path: &Path, platform: Platform) -> Result<(), Failure> {
    let (text, id) = (read(path)?, platform.id());
    let table: toml::Table = text.parse().map_err(|_| unclear(path, platform))?;
    if table.get(id).and_then(toml::Value::as_table).is_none_or(|section| !section.is_empty()) {
        return Ok(());
    }
    let kept: Vec<&str> = text.lines().filter(|line| !is_header(line, id)).collect();
    replace(path, &format!("{}\n", kept.join("\n").trim_end()))
}

/// Without any chat the terminal is told, unless a receiver stands there already.
pub fn tell_terminal(path: &Path) -> Result<(), Failure> {
    if tells_terminal(path)? {
        return Ok(());
    }
    let text = read(path)?;
    let receiver = "[[workspace.receiver]]\nplatform = \"console\"\nname = \"terminal\"\n";
    replace(path, &format!("{}\n\n{receiver}", text.trim_end()))
}

/// Whether somebody is told by the settings alone: a receiver stands there, or, where no workspace
/// does, the terminal is told anyway.
pub fn tells_terminal(path: &Path) -> Result<bool, Failure> {
    let text = read(path)?;
    let has = |header: &str| text.lines().any(|line| line.trim_start().starts_with(header));
    Ok(has("[[workspace.receiver]]") || !has("[[workspace]]"))
}

/// Whether the settings have a section of a platform.
pub fn names(path: &Path, platform: Platform) -> Result<bool, Failure> {
    let table: toml::Table = read(path)?.parse().map_err(|_| unclear(path, platform))?;
    Ok(table.contains_key(platform.id()))
}

/// Names a token's file in the platform's section, and changes no other line.
pub fn put_token(path: &Path, platform: Platform, token: &Path) -> Result<(), Failure> {
    let (text, id) = (read(path)?, platform.id());
    let name = token.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let line = format!("token_file = \"{name}\"        # a private file in the data folder");
    let new = match text.lines().find(|line| is_header(line, id)) {
        Some(header) => text.replacen(header, &format!("{header}\n{line}"), 1),
        None => format!("{}\n\n[{id}]\n{line}\n", text.trim_end()),
    };
    // A file that is written in another way is the operator's to change.
    let read_back = new.parse::<toml::Table>().ok();
    let there = read_back.as_ref().and_then(|table| table.get(id)?.get("token_file")?.as_str());
    if there != Some(name) {
        return Err(unclear(path, platform));
    }
    replace(path, &new)
}

/// Whether a line begins the section of that name.
fn is_header(line: &str, id: &str) -> bool {
    let bare = line.split('#').next().unwrap_or_default();
    bare.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::trim) == Some(id)
}

fn unclear(path: &Path, platform: Platform) -> Failure {
    let id = platform.id();
    Failure::Refused(format!(
        "{} is written in a way that I do not change: put token_file = \"{id}.token\" under [{id}] yourself, then run keylapse setup again.",
        path.display()
    ))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| failed(path, &error))
}

/// The whole file anew beside the old one, then in its place: nobody ever reads half of it.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    // A link stays one.
    let path = path.canonicalize().map_err(|error| failed(path, &error))?;
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mode = std::fs::metadata(&path).map_err(|error| failed(&path, &error))?.permissions();
    put(&beside, afresh(&beside), text)?;
    let moved =
        std::fs::set_permissions(&beside, mode).and_then(|()| std::fs::rename(&beside, &path));
    moved.map_err(|error| failed(&path, &error))
}

/// A token in a file of its own, readable by its owner alone.
pub fn token(path: &Path, token: &Secret) -> Result<(), Failure> {
    let mut beside = path.to_owned().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    put(&beside, afresh(&beside), token.expose())?;
    std::fs::rename(&beside, path).map_err(|error| failed(path, &error))
}

/// A new private file: what stood there, a link above all, is not written through.
fn afresh(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn put(path: &Path, opened: std::io::Result<File>, text: &str) -> Result<(), Failure> {
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!(
        "{} cannot be read or written ({}): mend that, then run keylapse setup again.",
        path.display(),
        private_file::reason(error)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_understood_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keylapse.toml");
        begin(&path, "Europe/Berlin").ok().unwrap();
        assert!(begin(&path, "UTC").is_err(), "never over one that is there");
        let secret = dir.path().join("telegram.token");
        token(&secret, &Secret::new("12:abc".to_owned())).ok().unwrap();
        want(&path, Platform::Telegram).ok().unwrap();
        put_token(&path, Platform::Telegram, &secret).ok().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["telegram"]["token_file"].as_str(), Some("telegram.token"));
        assert_eq!(table["workspace"][0]["zone"].as_str(), Some("Europe/Berlin"));
        for path in [path, secret] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_an_operator_wrote_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keylapse.toml");
        let file = dir.path().join("discord.token");
        let put = |before: &str| {
            std::fs::write(&path, before).unwrap();
            let done = put_token(&path, Platform::Discord, &file);
            (done.is_ok(), std::fs::read_to_string(&path).unwrap())
        };
        let own = "# mine\n[discord] # theirs\napi_url = \"http://127.0.0.1:9\"\n\n[ops]\nlisten = \"off\"\n";
        let (done, after) = put(own);
        assert!(done);
        let kept: Vec<&str> = after.lines().filter(|line| !line.contains("token_file")).collect();
        assert_eq!(kept, own.lines().collect::<Vec<_>>());
        assert!(after.contains("[discord] # theirs\ntoken_file = \"discord.token\""), "{after}");
        // Nothing is guessed where it is written otherwise.
        for odd in [
            "discord = { api_url = \"http://127.0.0.1:9\" }\n",
            "[discord]\ntoken = \"x\"\ntoken_file = \"y\"\n",
        ] {
            assert_eq!(put(odd), (false, odd.to_owned()));
        }
        assert!(put("").0, "a section that is not there is added");
    }
}

//! The files that setup writes: the settings, only ever added to, and one private file a token.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::config::{Config, FILE_NAME, Flags};
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
         [[workspace]]\n\
         name = \"home\"\n\
         zone = \"{zone}\"\n"
    );
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    put(path, opened, &text)
}

/// Adds a section at the end. Tables may stand in any order.
pub fn add(path: &Path, section: &str) -> Result<(), Failure> {
    let opened = OpenOptions::new().append(true).open(path);
    put(path, opened, &format!("\n{section}"))
}

/// A token in a file of its own, readable by its owner alone.
pub fn token(path: &Path, token: &Secret) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    put(path, opened, token.expose())
}

fn put(path: &Path, opened: std::io::Result<File>, text: &str) -> Result<(), Failure> {
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Failure::Failed(format!(
            "{} cannot be written ({}): mend that, then run keylapse setup again.",
            path.display(),
            private_file::reason(&error)
        ))
    })
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
        add(&path, "[telegram]\ntoken_file = \"telegram.token\"\n").ok().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["telegram"]["token_file"].as_str(), Some("telegram.token"));
        assert_eq!(table["workspace"][0]["zone"].as_str(), Some("Europe/Berlin"));
        let secret = dir.path().join("telegram.token");
        token(&secret, &Secret::new("12:abc".to_owned())).ok().unwrap();
        for path in [path, secret] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

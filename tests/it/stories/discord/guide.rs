//! The guide in docs/discord.md, held against what the program understands.

use std::os::unix::fs::PermissionsExt as _;

use keylapse::config::{self, Flags, Host};
use keylapse::domain::access::{Grantee, Role};

use crate::fakes::discord::TOKEN;

#[test]
fn the_guides_settings_are_understood() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/discord.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let toml = guide.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (file, token) = (folder.path().join("keylapse.toml"), folder.path().join("discord.token"));
    std::fs::write(&file, toml).unwrap();
    std::fs::write(&token, TOKEN).unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    let flags = Flags { config: Some(file), data: Some(folder.path().to_owned()) };
    let config = config::load(&flags, &[], &Host::detect());
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    let workspace = &config.workspaces[0];
    assert_eq!((workspace.chats.len(), workspace.receivers.len()), (1, 1));
    assert!(workspace.receivers[0].mention.as_deref().unwrap().starts_with("role:"));
    let grant = &workspace.grants[0];
    assert!(matches!(grant.grantee, Grantee::ServerRole(_)) && grant.role == Role::Operator);
    assert!(config.discord.is_some());
}

//! Who works at the host, for the audit: the name of the process's user.

use crate::domain::text::Clean;
use crate::private_file;
use crate::store::audit::Entry;

/// The user of this process, by name where the system knows one.
pub fn actor() -> Clean {
    let user = private_file::this_user();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = name_of(&users, user).unwrap_or_else(|| format!("user {user}"));
    Clean::new(&name, 64)
}

fn name_of(users: &str, user: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(user) && !name.is_empty()).then(|| name.to_owned())
    })
}

/// A deed at the command line.
pub fn entry(action: &'static str, target: &str) -> Entry {
    Entry {
        actor: actor(),
        place: "host".to_owned(),
        action,
        target: Some(target.to_owned()),
        before: None,
        after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_that_the_system_knows() {
        let users = "root:x:0:0:root:/root:/bin/sh\n# odd\n:x:7:\nkeylapse:x:1001:1001::/:\n";
        assert_eq!(name_of(users, 1001).as_deref(), Some("keylapse"));
        assert_eq!(name_of(users, 0).as_deref(), Some("root"));
        assert_eq!(name_of(users, 7), None);
        assert!(!actor().is_empty());
    }
}

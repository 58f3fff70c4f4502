//! Who may do what in a workspace: roles, the grants that give them, and the rule that weighs
//! grants against what a platform said of a person at this very event. Denied by default (S12);
//! nothing here is remembered between two events.

use serde::{Deserialize, Serialize};

use super::receiver::Platform;

/// A right in a workspace; a later one includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whoever can write to the bot.
    Anyone,
    /// Sees the workspace's keys.
    Viewer,
    /// Takes alerts.
    Operator,
    /// Accepts changed keys, sets who is told and who may what.
    Admin,
}

impl Role {
    /// The roles that can be granted.
    pub const GRANTED: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The word for people, tables and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Reads the word of a role that can be granted.
    pub fn parse(word: &str) -> Option<Self> {
        Self::GRANTED.into_iter().find(|role| role.name() == word)
    }
}

/// To whom a role is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// One person, by the platform's own id.
    Person(String),
    /// Everybody with this role of the server (Discord), by its id.
    ServerRole(String),
    /// Everybody who is in the workspace's chat or server.
    Members,
}

impl Grantee {
    /// Kind and id as tables hold them.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Person(id) => ("person", id),
            Self::ServerRole(id) => ("role", id),
            Self::Members => ("members", ""),
        }
    }

    /// Reads what tables hold.
    pub fn from_parts(kind: &str, id: String) -> Option<Self> {
        match kind {
            "person" => Some(Self::Person(id)),
            "role" => Some(Self::ServerRole(id)),
            "members" => Some(Self::Members),
            _ => None,
        }
    }
}

/// A role given in one workspace on one platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// Where the id is valid.
    pub platform: Platform,
    /// To whom.
    pub grantee: Grantee,
    /// What.
    pub role: Role,
}

/// What the platform itself said about a person in a workspace's chat or server, at this event or
/// at most a minute before. The default is a stranger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether they are in it.
    pub is_member: bool,
    /// Whether they run it: Manage Server on Discord (of the server, not of one channel), creator
    /// or a promoting administrator on Telegram.
    pub manages: bool,
    /// Whether they keep order in it: Manage Messages on Discord, of the server. Gives no role.
    pub moderates: bool,
    /// The ids of their roles in the server (Discord).
    pub roles: Vec<String>,
}

/// The role of `person`: the highest of what they manage and what was granted. A grant to members
/// or to a server's role needs the standing; one to a person holds by itself.
pub fn role_of(platform: Platform, person: &str, standing: &Standing, grants: &[Grant]) -> Role {
    let given =
        grants.iter().filter(|grant| grant.platform == platform).filter(|grant| {
            match &grant.grantee {
                Grantee::Person(id) => id == person,
                Grantee::ServerRole(id) => standing.is_member && standing.roles.contains(id),
                Grantee::Members => standing.is_member,
            }
        });
    let managed = if standing.is_member && standing.manages { Role::Admin } else { Role::Anyone };
    given.map(|grant| grant.role).max().unwrap_or(Role::Anyone).max(managed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(platform: Platform, grantee: Grantee, role: Role) -> Grant {
        Grant { platform, grantee, role }
    }

    #[test]
    fn a_role_is_the_highest_that_the_platform_or_a_grant_gives_and_else_none() {
        use Platform::{Discord, Telegram};
        let grants = [
            grant(Discord, Grantee::ServerRole("traders".to_owned()), Role::Operator),
            grant(Discord, Grantee::Members, Role::Viewer),
            grant(Telegram, Grantee::Person("7".to_owned()), Role::Admin),
        ];
        let member = Standing { is_member: true, ..Standing::default() };
        let trader = Standing { roles: vec!["traders".to_owned()], ..member.clone() };
        let moderator = Standing { moderates: true, ..Standing::default() };
        let gone = Standing {
            is_member: false,
            manages: true,
            moderates: true,
            roles: vec!["traders".to_owned()],
        };
        let manager = Standing { manages: true, ..member.clone() };
        let table = [
            (Discord, "1", Standing::default(), Role::Anyone),
            (Discord, "1", member.clone(), Role::Viewer),
            (Discord, "1", trader, Role::Operator),
            (Discord, "1", manager.clone(), Role::Admin),
            (Discord, "1", gone, Role::Anyone),
            (Telegram, "1", moderator, Role::Anyone),
            // An id of one platform means nothing on another.
            (Discord, "7", Standing::default(), Role::Anyone),
            (Telegram, "7", Standing::default(), Role::Admin),
            (Telegram, "8", member, Role::Anyone),
            (Telegram, "8", manager, Role::Admin),
        ];
        for (platform, person, standing, role) in table {
            assert_eq!(
                role_of(platform, person, &standing, &grants),
                role,
                "{person} {standing:?}"
            );
        }
    }
}

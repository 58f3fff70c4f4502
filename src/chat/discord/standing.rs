//! What Discord says of a person in a server at this very event: whether they are in it, their
//! roles, and whether those let them manage it. The permissions that an event carries are of one
//! channel, where anybody can be given anything; only the server's own roles count (S12).

use serenity::all::{
    Guild, GuildChannel, Member, PermissionOverwrite, PermissionOverwriteType, Permissions,
};

use crate::commands::Standing;

/// What makes an admin: either of these, by a role of the server.
const MANAGES: Permissions = Permissions::MANAGE_GUILD.union(Permissions::ADMINISTRATOR);

/// What makes a moderator, who may answer for somebody.
const MODERATES: Permissions = MANAGES.union(Permissions::MANAGE_MESSAGES);

/// The standing of who caused an event; of a server that is not known (yet) nobody manages.
pub fn standing(guild: Option<&Guild>, member: &Member) -> Standing {
    let own: Vec<u64> = member.roles.iter().map(|role| role.get()).collect();
    let has = |any: Permissions| {
        guild.is_some_and(|guild| {
            let roles = guild.roles.values().map(|role| (role.id.get(), role.permissions));
            let server = (guild.id.get(), guild.owner_id.get());
            has_any(any, server, roles, (member.user.id.get(), &own))
        })
    };
    let roles = own.iter().map(u64::to_string).collect();
    Standing { is_member: true, manages: has(MANAGES), moderates: has(MODERATES), roles }
}

/// Whether everybody in the server can read a channel.
pub fn is_wide(guild: &Guild, channel: &GuildChannel) -> bool {
    let everybody = guild.roles.values().find(|role| role.id.get() == guild.id.get());
    let base = everybody.map_or(Permissions::empty(), |role| role.permissions);
    is_open(guild.id.get(), base, &channel.permission_overwrites)
}

/// What everybody may do in the server is `base`; a channel can give to all or take from all.
fn is_open(server: u64, base: Permissions, overwrites: &[PermissionOverwrite]) -> bool {
    let theirs = overwrites.iter().find(|overwrite| {
        matches!(overwrite.kind, PermissionOverwriteType::Role(role) if role.get() == server)
    });
    let here = theirs.map_or(base, |overwrite| (base - overwrite.deny) | overwrite.allow);
    here.intersects(Permissions::VIEW_CHANNEL | Permissions::ADMINISTRATOR)
}

/// The owner, and whose roles say so; everybody has the role that is called like the server.
fn has_any(
    any: Permissions,
    (server, owner): (u64, u64),
    roles: impl Iterator<Item = (u64, Permissions)>,
    (person, own): (u64, &[u64]),
) -> bool {
    let has = |role: u64| role == server || own.contains(&role);
    person == owner || roles.filter(|(role, _)| has(*role)).any(|(_, can)| can.intersects(any))
}

#[cfg(test)]
mod tests {
    use serenity::all::{RoleId, UserId};

    use super::*;

    #[test]
    fn a_channel_is_wide_where_everybody_may_look_and_no_other_role_or_person_decides_that() {
        let (look, none) = (Permissions::VIEW_CHANNEL, Permissions::empty());
        let role = |id: u64| PermissionOverwriteType::Role(RoleId::new(id));
        let person = |id: u64| PermissionOverwriteType::Member(UserId::new(id));
        let allow = |kind| vec![PermissionOverwrite { allow: look, deny: none, kind }];
        let deny = |kind| vec![PermissionOverwrite { allow: none, deny: look, kind }];
        let both = |server| [deny(role(server)), allow(role(2))].concat();
        let table = [
            (look, vec![], true),
            (look, deny(role(1)), false),
            (look, both(1), false),
            (look, deny(role(2)), true),
            // A person whose number is the server's is still one person.
            (look, deny(person(1)), true),
            (none, vec![], false),
            (none, allow(role(1)), true),
            (none, allow(role(2)), false),
            (none, allow(person(1)), false),
            (Permissions::ADMINISTRATOR, deny(role(1)), true),
        ];
        for (base, overwrites, expected) in table {
            assert_eq!(is_open(1, base, &overwrites), expected, "{base:?} {overwrites:?}");
        }
    }

    #[test]
    fn only_the_owner_and_the_roles_of_the_server_manage_it() {
        let (send, manage) = (Permissions::SEND_MESSAGES, Permissions::MANAGE_GUILD);
        let server = (1, 9);
        let roles = [(1, send), (2, manage), (3, Permissions::ADMINISTRATOR), (4, send)];
        let table = [
            (9, vec![], true),
            (5, vec![], false),
            (5, vec![4], false),
            (5, vec![2], true),
            (5, vec![4, 3], true),
            // A role of another server.
            (5, vec![77], false),
        ];
        for (person, own, expected) in table {
            assert_eq!(
                has_any(MANAGES, server, roles.into_iter(), (person, &own)),
                expected,
                "{person} {own:?}"
            );
        }
        let open = [(1, manage)];
        assert!(has_any(MANAGES, server, open.into_iter(), (5, &[])));
        let order = [(1, send), (2, Permissions::MANAGE_MESSAGES)];
        assert!(!has_any(MANAGES, server, order.into_iter(), (5, &[2])));
        assert!(has_any(MODERATES, server, order.into_iter(), (5, &[2])));
        assert!(!has_any(MODERATES, server, order.into_iter(), (5, &[])));
    }
}

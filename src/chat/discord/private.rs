//! Who writes to the bot in private: whoever is in a workspace's server is anyone there, which
//! means answers and no keys. Discord is asked about a person only within the person's own limit,
//! and not again of a server that they were not in a moment ago.

use serenity::all::{GuildId, HttpError};

use super::visit::Visit;
use crate::commands::{Actor, Desk, Home, Reply, Role, Standing, Visitor};

/// Workspaces that are asked about a person in private.
const MOST_HOMES: usize = 5;

impl Visit {
    /// The desk at which they are anyone; `Err` is what is said instead.
    pub(super) async fn desk_in_private(
        &self,
        pressed: Option<&str>,
        is_typing: bool,
    ) -> Result<Option<(Desk, Actor)>, Reply> {
        // A form asks at each letter; those that cost nothing are not counted.
        let mut is_admitted = false;
        if !is_typing {
            self.knock(&mut is_admitted)?;
        }
        let failed = |error| self.counter.apologize(&error);
        let wanted = match pressed {
            Some(id) => {
                self.counter.workspace_of_button(&self.visitor, id).await.map_err(failed)?
            }
            None => None,
        };
        let homes = self.counter.homes(&self.visitor).await.map_err(failed)?;
        let is_wanted = |home: &Home| wanted.as_ref().is_none_or(|id| *id == home.workspace.id);
        let homes = homes.into_iter().filter(is_wanted);
        for server in homes.flat_map(|home| home.chats).take(MOST_HOMES) {
            let Some(id) = server.parse().ok().filter(|id| *id > 0).map(GuildId::new) else {
                continue;
            };
            if self.cache.guild(id).is_none() {
                continue;
            }
            let who = (id.get(), self.person.get());
            let known = self.members.recall(who, is_typing, self.visitor.at);
            let is_inside = if let Some(known) = known {
                known
            } else {
                self.knock(&mut is_admitted)?;
                self.is_member(id).await
            };
            if !is_inside {
                continue;
            }
            let visitor = Visitor { room: Some(server), ..self.visitor.clone() };
            if let Some((desk, actor)) = self.enter(&visitor, &Standing::default()).await? {
                return Ok(Some((desk, Actor { role: Role::Anyone, ..actor })));
            }
        }
        Ok(None)
    }

    /// Counts this event once against the person's own limit.
    fn knock(&self, is_admitted: &mut bool) -> Result<(), Reply> {
        if std::mem::replace(is_admitted, true) {
            return Ok(());
        }
        self.counter.knock(&self.visitor).map_or(Ok(()), Err)
    }

    /// Asks Discord. Only its clear word is remembered; without one nobody is a member.
    async fn is_member(&self, server: GuildId) -> bool {
        let who = (server.get(), self.person.get());
        let is_inside = match self.http.get_member(server, self.person).await {
            Ok(_) => true,
            Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(said)))
                if said.status_code.as_u16() == 404 =>
            {
                false
            }
            Err(_) => return false,
        };
        self.members.keep(who, is_inside, self.visitor.at);
        is_inside
    }
}

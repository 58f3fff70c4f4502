//! Discord: alerts go out as channel messages through our own client (`post`), commands and
//! presses come in over the gateway (`listen`). [`connect`] gives both halves of one bot.
//!
//! No privileged intent is asked for unless the leak guard of channels is on, and nothing is decided here: who may do what and what is said
//! comes from the commands. The token never reaches a log, an error or a URL.

mod answer;
mod endpoint;
mod escape;
mod events;
mod form;
mod guard;
mod limits;
mod listen;
mod look;
mod members;
mod menu;
mod post;
pub mod preview;
mod private;
mod refusal;
pub mod render;
mod standing;
mod start;
mod token;
mod visit;
mod whoami;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Clock;
use crate::secret::Secret;

pub use endpoint::SetupError;
pub use guard::{GUARD_REFUSED, Guard};
pub use listen::{Listener, Patience, SILENT, Stopped};
pub use look::Look;
pub use post::Discord;
pub use whoami::{Bot, Known, Trap, When, whoami};
pub use wire::TOKEN_REFUSED;

/// How Discord is reached.
#[derive(Clone)]
pub struct Settings {
    /// The bot's token.
    pub token: Secret,
    /// Where it is asked; `None` = Discord's own host.
    pub api_url: Option<String>,
    /// Discord's hosts are looked for here instead of in the DNS.
    pub resolve: Option<SocketAddr>,
    /// A certificate authority that may speak for Discord's hosts, in PEM; for nothing else.
    pub ca: Option<Vec<u8>>,
}

/// Both halves of the bot: who writes, and who listens. Nothing is asked yet.
pub fn connect(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<Discord>, Listener), SetupError> {
    let endpoint = endpoint::Endpoint::of(settings)?;
    let wire = Arc::new(wire::Wire::new(settings, &endpoint, clock)?);
    let listener = Listener::new(settings.token.clone(), endpoint, wire.clone());
    Ok((Arc::new(Discord::new(wire)), listener))
}

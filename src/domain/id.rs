//! Identities as the store knows them: opaque text, ordered by the time they were made.
//! Making them needs a clock and randomness, so it happens elsewhere (`clock::Ids`).

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text as it stands in tables.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A tenant: owns keys, receivers and settings.
    WorkspaceId,
    /// A watched key; survives the replacement of its credential.
    KeyId,
    /// One generation of secrets under a key.
    CredentialId,
    /// A run of equal outcomes.
    ObservationId,
    /// A lasting problem of one subject under one rule.
    AlertId,
    /// A named destination of notices.
    ReceiverId,
    /// A bound set of notices; also its nonce, so at most 22 characters.
    MessageId,
    /// A button offered in chat; attacker-chosen until its row is found.
    ButtonId,
}

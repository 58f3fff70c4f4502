//! The entries as they lie in `entries/`, one Markdown file each, compiled into the program.
//!
//! A new entry is a new file and one word in this list; the tests hold both against each other.

macro_rules! entries {
    ($($id:literal)*) => {
        &[$(($id, include_str!(concat!("entries/", $id, ".md")))),*]
    };
}

/// Id and text of every entry, in the order in which a reader would meet them.
pub(super) const ENTRIES: &[(&str, &str)] = entries! {
    "expired-meaning"
    "why-keys-expire"
    "regenerate-key"
    "revoke-key"
    "create-key"
    "shared-key"
    "choose-permissions"
    "store-key"
    "update-apps"
    "trouble-connection"
    "trouble-cache"
    "trouble-browser"
    "trouble-bot-stopped"
    "contact-support"
    "security-checklist"
    "strong-password"
    "two-factor"
    "review-keys"
    "never-share"
    "password-manager"
    "how-often"
    "lost-key"
    "without-revoking"
    "compromised"
    "error-missing-headers"
    "error-timestamp"
    "error-key-not-exists"
    "error-passphrase"
    "error-signature"
    "error-ip-not-allowed"
    "error-permission"
    "error-account-frozen"
    "error-rate-limited"
    "error-exchange-down"
    "error-region"
    "error-identity"
    "error-key-version"
    "error-order-refused"
    "error-other"
    "ip-whitelist"
    "passphrase"
    "sub-account-keys"
    "stored-secret"
    "bot-add-key"
    "bot-exchanges"
    "bot-chats"
    "bot-warnings"
    "bot-night"
    "bot-zone"
    "bot-acknowledge"
    "bot-privacy"
    "bot-roles"
    "bot-move"
    "bot-remove"
};

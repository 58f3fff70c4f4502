//! Secrets that cannot be printed: no Debug, no Display, no Serialize, wiped when dropped.
//! Every place that looks inside can be found by searching for `expose`.

use zeroize::Zeroizing;

/// A secret text of ours. The wiping covers this buffer, not copies made by the system or by
/// libraries on the way to the wire.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the signer, the vault and nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// The three parts that a KuCoin key consists of.
#[derive(Clone)]
pub struct KeySecrets {
    /// The key id, 24 hex digits; not enough to sign, enough to recognise.
    pub key: Secret,
    /// The API secret.
    pub secret: Secret,
    /// The API passphrase chosen when the key was made.
    pub passphrase: Secret,
}

//! KuCoin on loopback: follows with its own change.

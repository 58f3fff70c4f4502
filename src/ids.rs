//! New identities: 22 characters that sort by the time they were made. Short enough to be a
//! nonce on every platform (Discord takes 25). Random from the system's generator; seeded in the
//! demo and in tests, so that two runs are the same.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

/// Crockford's alphabet: sorts as its values do in ASCII and leaves out letters that look alike.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A maker of identities.
pub enum Ids {
    /// 60 bits from the system's generator beside the time.
    Random,
    /// A counter beside the time.
    Seeded(AtomicU64),
}

impl Ids {
    /// Identities that repeat from run to run.
    pub fn seeded() -> Self {
        Self::Seeded(AtomicU64::new(1))
    }

    /// A new identity made at `now`: ten characters of time, twelve of chance.
    pub fn next<T: From<String>>(&self, now: DateTime<Utc>) -> T {
        let chance = match self {
            Self::Random => random_u64(),
            Self::Seeded(count) => count.fetch_add(1, Ordering::Relaxed),
        };
        let time = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let text: String = digits(time, 10).chain(digits(chance, 12)).collect();
        T::from(text)
    }

    /// A short reference for people to quote, four characters.
    pub fn reference(&self) -> String {
        match self {
            Self::Random => digits(random_u64(), 4).collect::<String>().to_uppercase(),
            Self::Seeded(count) => {
                digits(count.fetch_add(1, Ordering::Relaxed), 4).collect::<String>().to_uppercase()
            }
        }
    }
}

fn digits(value: u64, width: u32) -> impl Iterator<Item = char> {
    (0..width).rev().map(move |place| {
        char::from(ALPHABET[usize::try_from((value >> (place * 5)) & 31).unwrap_or(0)])
    })
}

fn random_u64() -> u64 {
    // Without the system's generator nothing of ours is safe: nonces and keys come from it too.
    getrandom::u64().expect("the operating system's random generator works")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_fit_a_nonce() {
        let ids = Ids::Random;
        let at = |s| DateTime::from_timestamp(s, 0).unwrap_or_default();
        let (early, late): (String, String) =
            (ids.next(at(1_700_000_000)), ids.next(at(1_700_000_001)));
        assert!(early < late);
        assert_eq!(early.len(), 22);
        assert_ne!(ids.next::<String>(at(1)), ids.next::<String>(at(1)));
    }
}

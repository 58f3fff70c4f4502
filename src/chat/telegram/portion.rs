//! How many updates are asked for at once: a hundred, and half as many each time an answer is too
//! long to be read. Of a single update that is too long nothing is read but its number, so that it
//! alone is left out. Pure; the listener asks.

/// The most that Telegram gives at once.
const MOST: u8 = 100;

/// The beginning of an answer in which the number of its first update stands.
const START: usize = 256;

/// How many updates are asked for next.
#[derive(Debug, PartialEq, Eq)]
pub struct Portion {
    limit: u8,
    skipped: u64,
}

/// What comes after an answer that was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same is asked for in smaller parts.
    Less,
    /// This one update is left out.
    Skip {
        /// Its number.
        number: i64,
        /// How many were left out since the start.
        skipped: u64,
    },
    /// It is a single one, and its number cannot be read.
    Stuck,
}

impl Default for Portion {
    fn default() -> Self {
        Self { limit: MOST, skipped: 0 }
    }
}

impl Portion {
    /// How many to ask for.
    pub fn limit(&self) -> u8 {
        self.limit
    }

    /// An answer was read: the next may be longer again.
    pub fn grow(&mut self) {
        self.limit = self.limit.saturating_mul(2).min(MOST);
    }

    /// An answer was too long; `first` is the number of its first update.
    pub fn shrink(&mut self, first: Option<i64>) -> Next {
        if self.limit > 1 {
            self.limit /= 2;
            return Next::Less;
        }
        let Some(number) = first else { return Next::Stuck };
        self.limit = MOST;
        self.skipped += 1;
        Next::Skip { number, skipped: self.skipped }
    }
}

/// The number of the first update in an answer of which only the beginning is there. It counts
/// only where Telegram puts it, before anything that a person wrote.
pub fn first_number(start: &[u8]) -> Option<i64> {
    let start = start.iter().take(START).copied().filter(|byte| !byte.is_ascii_whitespace());
    let start: Vec<u8> = start.collect();
    let rest = start.strip_prefix(br#"{"ok":true,"result":[{"update_id":"#)?;
    let end = rest.iter().position(|byte| *byte == b',')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_halved_down_to_one_and_only_that_one_is_left_out() {
        let mut portion = Portion::default();
        for limit in [50, 25, 12, 6, 3, 1] {
            assert_eq!((portion.shrink(Some(7)), portion.limit()), (Next::Less, limit));
        }
        assert_eq!(portion.shrink(None), Next::Stuck);
        assert_eq!(portion.shrink(Some(7)), Next::Skip { number: 7, skipped: 1 });
        assert_eq!(portion.limit(), 100);
        portion.shrink(None);
        portion.shrink(None);
        for limit in [50, 100, 100] {
            portion.grow();
            assert_eq!(portion.limit(), limit);
        }
    }

    #[test]
    fn a_number_counts_only_where_nobody_can_have_written_it() {
        let table: [(&str, Option<i64>); 7] = [
            (r#"{"ok":true,"result":[{"update_id":815,"message":{"text":"aaaa"#, Some(815)),
            ("{ \"ok\" : true,\n \"result\": [ {\"update_id\": 815,\n \"mess", Some(815)),
            (r#"{"ok":true,"result":[{"update_id":81"#, None),
            (
                r#"{"ok":true,"result":[{"message":{"text":"{\"update_id\":9,"},"update_id":8,"#,
                None,
            ),
            (r#"{"ok":true,"result":[{"update_id":"9","#, None),
            (r#"{"ok":true,"result":[]}"#, None),
            ("", None),
        ];
        for (start, number) in table {
            assert_eq!(first_number(start.as_bytes()), number, "{start}");
        }
    }
}

//! The wall clock of a reader whose platform shows no times of its own: instants as words in the
//! workspace's zone. Pure, like every renderer that uses it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::card::Grain;

/// The wall clock that moments are shown on.
#[derive(Clone, Copy, Debug)]
pub struct Wall {
    /// The zone.
    pub zone: Tz,
    /// Now, for what "today" is.
    pub now: DateTime<Utc>,
}

/// An instant on the wall, with the zone's name where the day is named.
pub fn moment(at: DateTime<Utc>, grain: Grain, wall: Wall) -> String {
    let (local, today) = (at.with_timezone(&wall.zone), wall.now.with_timezone(&wall.zone));
    let is_far = (at - wall.now).abs() > TimeDelta::days(300);
    let day = if is_far { "%a %-d %b %Y" } else { "%a %-d %b" };
    match grain {
        Grain::Time if local.date_naive() == today.date_naive() => {
            local.format("%H:%M").to_string()
        }
        Grain::Time => local.format(&format!("{day} %H:%M")).to_string(),
        Grain::Minute => local.format(&format!("{day} %H:%M %Z")).to_string(),
        Grain::Day => local.format(day).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_moment_names_its_year() {
        let now = "2026-11-23T13:00:00Z".parse().unwrap();
        let wall = Wall { zone: Tz::Europe__Berlin, now };
        let at = "2028-02-28T12:00:00Z".parse().unwrap();
        assert_eq!(moment(at, Grain::Day, wall), "Mon 28 Feb 2028");
        let today = "2026-11-23T14:02:00Z".parse().unwrap();
        assert_eq!(moment(today, Grain::Time, wall), "15:02");
    }
}

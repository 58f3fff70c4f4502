//! The figures behind every decision, resolved from layers: defaults, configuration, workspace,
//! key. Pure; a transition keeps the policy it was made under.

use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// Resolved figures for one key or workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The rungs of the expiry ladder, in days.
    pub ladder_days: Vec<u16>,
    /// From this age a key is called old.
    pub old_key_days: i64,
    /// When posts below critical may begin, on the workspace's wall.
    pub morning: NaiveTime,
    /// Whether the stored secret of a key that gains a right to move funds is dropped (S7).
    #[serde(default)]
    pub drop_on_gain: bool,
}

/// One layer: what it leaves out comes from the layer below.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layer {
    /// See [`Policy::ladder_days`].
    pub ladder_days: Option<Vec<u16>>,
    /// See [`Policy::old_key_days`].
    pub old_key_days: Option<i64>,
    /// See [`Policy::morning`].
    pub morning: Option<NaiveTime>,
    /// See [`Policy::drop_on_gain`].
    pub drop_on_gain: Option<bool>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ladder_days: vec![30, 14, 7, 3, 1],
            old_key_days: 365,
            morning: NaiveTime::from_hms_opt(9, 0, 0).unwrap_or(NaiveTime::MIN),
            drop_on_gain: false,
        }
    }
}

impl Policy {
    /// An unacknowledged critical alert is told again this long after it was told.
    pub const REMINDERS: [TimeDelta; 3] =
        [TimeDelta::minutes(15), TimeDelta::hours(1), TimeDelta::hours(4)];
    /// After [`Self::REMINDERS`], and for a past end from the start.
    pub const DAILY: TimeDelta = TimeDelta::hours(24);
    /// An alert that comes back this soon is the same alert.
    pub const BACK_AGAIN: TimeDelta = TimeDelta::hours(6);
    /// An acknowledgement of something broken ends after this.
    pub const ACK_BROKEN: TimeDelta = TimeDelta::hours(8);
    /// An acknowledgement of anything else without a rung to end it.
    pub const ACK_OTHER: TimeDelta = TimeDelta::days(7);
    /// The longest acknowledgement that a person can give.
    pub const ACK_LONGEST: TimeDelta = TimeDelta::days(30);
    /// Weak evidence must repeat this often,
    pub const CONFIRM_LOOKS: u32 = 3;
    /// spread over this long.
    pub const CONFIRM_SPREAD: TimeDelta = TimeDelta::minutes(10);
    /// After a weak hard answer the key is asked again this long after the first.
    pub const CONFIRM_AT: [TimeDelta; 3] =
        [TimeDelta::minutes(1), TimeDelta::minutes(4), TimeDelta::minutes(10)];
    /// A key that was called leaked is asked this often up to this age of the word,
    pub const LEAK_PACE: [(TimeDelta, TimeDelta); 2] = [
        (TimeDelta::minutes(15), TimeDelta::minutes(1)),
        (TimeDelta::hours(1), TimeDelta::minutes(2)),
    ];
    /// and later, or while nothing is learned, this often.
    pub const LEAK_SLOWEST: TimeDelta = TimeDelta::minutes(5);

    /// Lays `layers` over the defaults, the last one on top.
    pub fn resolve<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Self {
        layers.into_iter().fold(Self::default(), |below, layer| Self {
            ladder_days: layer.ladder_days.clone().unwrap_or(below.ladder_days),
            old_key_days: layer.old_key_days.unwrap_or(below.old_key_days),
            morning: layer.morning.unwrap_or(below.morning),
            drop_on_gain: layer.drop_on_gain.unwrap_or(below.drop_on_gain),
        })
    }
}

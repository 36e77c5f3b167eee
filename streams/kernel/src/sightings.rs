//! Exact distinct counts without sets, as models.sightings has them.

pub const MINUTE_US: i64 = 60_000_000;

/// The last minute before and the first one after a minute in which something was seen.
pub type Neighbours = (Option<i64>, Option<i64>);

/// Minutes that a mask holds, where Python's has no end. A session that is active for longer is declined.
pub const WIDTH: i64 = 128;

/// Bit i of `mask` is the minute `last - i` since 1970 UTC; `earlier`: the last one before those the mask still holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Sightings {
    pub last: i64,
    pub mask: u128,
    pub earlier: Option<i64>,
}

impl Default for Sightings {
    fn default() -> Self {
        Self { last: -1, mask: 0, earlier: None }
    }
}

/// Bits up to the highest one that is set, that one included; 0 of none.
fn bit_length(mask: u128) -> i64 {
    WIDTH - i64::from(mask.leading_zeros())
}

/// Bits of a mask from place `from` on.
fn from_place(mask: u128, from: i64) -> u128 {
    if from < WIDTH {
        mask >> from
    } else {
        0
    }
}

/// Bits of a mask below place `end`.
fn below(mask: u128, end: i64) -> u128 {
    if end < WIDTH {
        mask & ((1 << end) - 1)
    } else {
        mask
    }
}

impl Sightings {
    /// Whether `add` of a minute leaves a mask that fits.
    pub fn fits(&self, minute: i64) -> bool {
        if self.mask == 0 {
            return true;
        }
        let ahead = minute - self.last;
        if ahead > 0 {
            bit_length(self.mask) + ahead <= WIDTH
        } else {
            -ahead < WIDTH
        }
    }

    /// Remember a minute that fits; its neighbours, or None if it was seen before.
    ///
    /// Exact for minutes less than `keep` before the last one: of older ones only the last is remembered, `earlier`.
    pub fn add(&mut self, minute: i64, keep: i64) -> Option<Neighbours> {
        let ahead = minute - self.last;
        if ahead > 0 {
            let near = (if self.mask == 0 { None } else { Some(self.last) }, None);
            let shifted = if self.mask == 0 { 0 } else { self.mask << ahead };
            self.mask = shifted | 1;
            let forgotten = from_place(self.mask, keep);
            if forgotten != 0 {
                self.earlier = Some(minute - keep - i64::from(forgotten.trailing_zeros()));
                self.mask = below(self.mask, keep);
            }
            self.last = minute;
            return Some(near);
        }
        let near = self.around(minute)?;
        self.mask |= 1 << -ahead;
        Some(near)
    }

    /// What `add` would answer; nothing is remembered.
    pub fn around(&self, minute: i64) -> Option<Neighbours> {
        let ago = self.last - minute;
        if ago < 0 {
            return Some((if self.mask == 0 { None } else { Some(self.last) }, None));
        }
        if ago < WIDTH && self.mask >> ago & 1 == 1 {
            return None;
        }
        let (newer, older) = (below(self.mask, ago), from_place(self.mask, ago + 1));
        let before = if older == 0 { self.earlier } else { Some(minute - 1 - i64::from(older.trailing_zeros())) };
        Some((before, Some(self.last - bit_length(newer) + 1)))
    }

    /// Minutes that the mask holds, from the last one back.
    pub fn minutes(&self) -> impl Iterator<Item = i64> + '_ {
        let mut mask = self.mask;
        std::iter::from_fn(move || {
            if mask == 0 {
                return None;
            }
            let ago = i64::from(mask.trailing_zeros());
            mask &= mask - 1;
            Some(self.last - ago)
        })
    }
}

/// The neighbours of a minute among those of several, from `near` of one that had not seen it; None: one had.
pub fn joint<'a>(near: Neighbours, others: impl Iterator<Item = &'a Sightings>, minute: i64) -> Option<Neighbours> {
    let (mut before, mut after) = near;
    for other in others {
        let found = other.around(minute)?;
        before = before.max(found.0);
        after = match (after, found.1) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }
    Some((before, after))
}

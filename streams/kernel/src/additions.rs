//! What clicks add to the measures, combined until the commit, as streams.measuring.additions does it.

use crate::rules::Name;
use crate::sightings::Neighbours;
use crate::slices::Slices;
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// A measure (or several), a minute, and the minutes next to it in which the same was seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Addition {
    pub name: Name,
    pub minute: i64,
    pub near: Neighbours,
}

/// Time on site (us) and page views of a minute.
#[derive(Clone, Copy, Default)]
pub struct Events {
    pub gaps_us: i64,
    pub views: i64,
}

/// Sums of the slices of an event; additions by their code.
#[derive(Default)]
pub struct Sums {
    pub additions: HashMap<u32, i64>,
    pub events: HashMap<i64, Events>,
}

/// What a slice, the slices of an event together, and an addition weigh, see `Additions::weight`.
const SLICE_BYTES: usize = 900;
const BOOKED_BYTES: usize = 200;
const ADDITION_BYTES: usize = 100;

/// Sums since the last commit.
#[derive(Default)]
pub struct Additions {
    codes: HashMap<Addition, u32>,
    places: HashMap<u32, usize>,
    booked: Vec<(Arc<Slices>, Sums)>,
    pieces: HashSet<u32>,
}

impl Additions {
    pub fn add(&mut self, slices: &Arc<Slices>, name: Name, minute: i64, n: i64, near: Neighbours) {
        let next = self.codes.len() as u32;
        let code = *self.codes.entry(Addition { name, minute, near }).or_insert(next);
        *self.of(slices).additions.entry(code).or_default() += n;
    }

    /// Add to time on site, which may go down, and to page views.
    pub fn add_event(&mut self, slices: &Arc<Slices>, minute: i64, gap_us: i64, views: i64) {
        let events = self.of(slices).events.entry(minute).or_default();
        events.gaps_us += gap_us;
        events.views += views;
    }

    /// Bytes that a commit of it will take, roughly: cells of some windows in some slices, and the sums until then.
    pub fn weight(&self) -> usize {
        self.pieces.len() * SLICE_BYTES + self.booked.len() * BOOKED_BYTES + self.codes.len() * ADDITION_BYTES
    }

    /// The additions by their code, and what was booked of them; nothing is left.
    pub fn take(&mut self) -> (Vec<Addition>, Vec<(Arc<Slices>, Sums)>) {
        let mut additions: Vec<(u32, Addition)> = self.codes.drain().map(|(addition, code)| (code, addition)).collect();
        additions.sort_unstable_by_key(|&(code, _)| code);
        self.places.clear();
        self.pieces.clear();
        (additions.into_iter().map(|(_, addition)| addition).collect(), std::mem::take(&mut self.booked))
    }

    fn of(&mut self, slices: &Arc<Slices>) -> &mut Sums {
        let place = *self.places.entry(slices.number).or_insert(self.booked.len());
        if place == self.booked.len() {
            self.pieces.extend(slices.pieces.iter().map(|piece| piece.number));
            self.booked.push((slices.clone(), Sums::default()));
        }
        &mut self.booked[place].1
    }
}

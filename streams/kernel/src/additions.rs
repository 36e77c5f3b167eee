//! What clicks add to the measures, combined until the commit, as streams.measuring.additions does it.

use crate::rules::Name;
use crate::sightings::Neighbours;
use crate::slices::{Number, Slices};
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
pub struct Events {
    pub minute: i64,
    pub gaps_us: i64,
    pub views: i64,
}

/// Sums of the slices of an event; additions by their code. `events`: mostly of one or two minutes.
#[derive(Default)]
pub struct Sums {
    pub additions: HashMap<u32, i64>,
    pub events: Vec<Events>,
}

/// What a slice, the slices of an event together, and an addition weigh, see `Additions::weight`.
const SLICE_BYTES: usize = 900;
const BOOKED_BYTES: usize = 200;
const ADDITION_BYTES: usize = 100;

/// Sums since the last commit, whose number is `turn`.
pub struct Additions {
    codes: HashMap<Addition, u32>,
    booked: Vec<(Arc<Slices>, Sums)>,
    pieces: HashSet<Number>,
    turn: u32,
}

impl Default for Additions {
    fn default() -> Self {
        Self { codes: HashMap::new(), booked: Vec::new(), pieces: HashSet::new(), turn: 1 }
    }
}

impl Additions {
    pub fn add(&mut self, slices: &Arc<Slices>, name: Name, minute: i64, n: i64, near: Neighbours) {
        let next = self.codes.len() as u32;
        let code = *self.codes.entry(Addition { name, minute, near }).or_insert(next);
        *self.of(slices).additions.entry(code).or_default() += n;
    }

    /// Add to time on site, which may go down, and to page views.
    pub fn add_event(&mut self, slices: &Arc<Slices>, minute: i64, gap_us: i64, views: i64) {
        let events = &mut self.of(slices).events;
        match events.iter_mut().rfind(|its| its.minute == minute) {
            Some(its) => {
                its.gaps_us += gap_us;
                its.views += views;
            }
            None => events.push(Events { minute, gaps_us: gap_us, views }),
        }
    }

    /// Bytes that a commit of it will take, roughly: cells of some windows in some slices, and the sums until then.
    pub fn weight(&self) -> usize {
        self.pieces.len() * SLICE_BYTES + self.booked.len() * BOOKED_BYTES + self.codes.len() * ADDITION_BYTES
    }

    /// The additions by their code, and what was booked of them; nothing is left.
    pub fn take(&mut self) -> (Vec<Addition>, Vec<(Arc<Slices>, Sums)>) {
        let mut additions: Vec<(u32, Addition)> = self.codes.drain().map(|(addition, code)| (code, addition)).collect();
        additions.sort_unstable_by_key(|&(code, _)| code);
        self.turn = self.turn.wrapping_add(1).max(1); // slices that were in none yet have 0
        self.pieces.clear();
        (additions.into_iter().map(|(_, addition)| addition).collect(), std::mem::take(&mut self.booked))
    }

    fn of(&mut self, slices: &Arc<Slices>) -> &mut Sums {
        let place = slices.place_in(self.turn).unwrap_or_else(|| {
            let place = self.booked.len() as u32;
            slices.put_in(self.turn, place);
            self.pieces.extend(slices.pieces.iter().map(|piece| piece.number));
            self.booked.push((slices.clone(), Sums::default()));
            place
        });
        &mut self.booked[place as usize].1
    }
}

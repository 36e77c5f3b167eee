//! A session, as models.session has it. Times are event time, us since 1970 UTC.

use crate::sightings::{Neighbours, Sightings};
use crate::slices::Slices;
use std::sync::Arc;

/// The time of what has not happened: later than any event.
pub const NEVER_US: i64 = 1 << 62;
/// An event so long after the start engages the session (GA4).
pub const ENGAGED_AFTER_US: i64 = 10_000_000;
/// Bytes of a session without its name and segments, as SESSION_WEIGHT of models.visitor.
const WEIGHT: i64 = 160;
/// Begins the name of a session that was made for events without an id.
pub const MADE: char = '\0';

/// The minutes in which a session had an event of a kind (see rules).
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: u16,
    pub seen: Sightings,
}

/// `events`: time * 2, plus 1 for a page view, of those that are not frozen, in order; `before_us`: the last before
/// them, None while they are all. `view_us`, `second_view_us`: the first two page views, as far as they may engage it.
/// `orders`: times of joined orders. `absorbed`: names of made sessions that a later event proved to be this one; both
/// only as Python has stored them.
#[derive(Clone, Debug)]
pub struct Session {
    pub name: Box<str>,
    pub slices: Arc<Slices>,
    pub first_us: i64,
    pub first_id: Box<str>,
    pub last_us: i64,
    pub active: Sightings,
    pub events: Vec<i64>,
    pub before_us: Option<i64>,
    pub view_us: i64,
    pub second_view_us: i64,
    pub engaged_us: i64,
    pub steps: Vec<Step>,
    pub orders: Vec<i64>,
    pub absorbed: Vec<Box<str>>,
}

impl Session {
    /// One that begins with an event, which is not yet taken up.
    pub fn new(name: Box<str>, slices: Arc<Slices>, at_us: i64, event_id: &str) -> Self {
        Self {
            name,
            slices,
            first_us: at_us,
            first_id: event_id.into(),
            last_us: at_us,
            active: Sightings::default(),
            events: Vec::new(),
            before_us: None,
            view_us: NEVER_US,
            second_view_us: NEVER_US,
            engaged_us: NEVER_US,
            steps: Vec::new(),
            orders: Vec::new(),
            absorbed: Vec::new(),
        }
    }

    /// Whether its events have no session id.
    pub fn made(&self) -> bool {
        self.name.starts_with(MADE)
    }

    /// The retention of its state counts from here.
    pub fn kept_from_us(&self) -> i64 {
        self.orders.iter().copied().fold(self.last_us, i64::max)
    }

    /// Whether an event would be its first one.
    pub fn begins_with(&self, at_us: i64, event_id: &str) -> bool {
        at_us < self.first_us || (at_us == self.first_us && *event_id < *self.first_id)
    }

    /// Forget when the events before a time were, which are frozen; what they contributed stays.
    pub fn forget(&mut self, before_us: i64) {
        let frozen = self.events.partition_point(|&event| event < before_us.saturating_mul(2));
        if frozen > 0 {
            self.before_us = Some(self.events[frozen - 1] >> 1);
            self.events.drain(..frozen);
        }
    }

    /// A page view in order of time.
    pub fn view(&mut self, at_us: i64) {
        if self.view_us == NEVER_US {
            self.view_us = at_us;
        } else if self.second_view_us == NEVER_US {
            self.second_view_us = at_us;
        }
    }

    /// Whether the event just taken up in order of time engages the session, if none did before.
    pub fn engages(&self, at_us: i64, conversion: bool) -> bool {
        conversion || at_us - self.first_us >= ENGAGED_AFTER_US || self.second_view_us != NEVER_US
    }

    /// Take up an event among those that are not frozen; of a first one `begin` is next. Its minute is not seen here.
    pub fn insert(&mut self, at_us: i64, view: bool, conversion: bool) {
        let packed = at_us << 1 | i64::from(view);
        let place = self.events.partition_point(|&event| event <= at_us << 1 | 1); // after others of the same time
        self.events.insert(place, packed);
        let mut views = [self.view_us, self.second_view_us, at_us];
        views.sort_unstable();
        if conversion || at_us - self.first_us >= ENGAGED_AFTER_US {
            self.engaged_us = self.engaged_us.min(at_us);
        } else if view {
            self.engaged_us = self.engaged_us.min(views[1]);
        }
        if view {
            [self.view_us, self.second_view_us, _] = views;
        }
        self.last_us = self.last_us.max(at_us);
    }

    /// The event just inserted is the first one: with it start and slices move.
    pub fn begin(&mut self, at_us: i64, event_id: &str, slices: Arc<Slices>) {
        (self.first_us, self.first_id, self.slices) = (at_us, event_id.into(), slices);
        let later = self.events.partition_point(|&event| event < (at_us + ENGAGED_AFTER_US) << 1);
        if let Some(&event) = self.events.get(later) {
            self.engaged_us = self.engaged_us.min(event >> 1);
        }
    }

    /// Whether a minute, and a step in it, leave masks that fit: a step may be longer ago than all that `active` keeps.
    pub fn fits(&self, minute: i64, kind: Option<u16>) -> bool {
        let step = self.steps.iter().find(|step| Some(step.kind) == kind);
        self.active.fits(minute) && step.is_none_or(|step| step.seen.fits(minute))
    }

    /// Remember a step in a minute that fits: as `Sightings::add`.
    pub fn see_step(&mut self, kind: u16, minute: i64, keep: i64) -> Option<Neighbours> {
        if let Some(step) = self.steps.iter_mut().find(|step| step.kind == kind) {
            return if step.seen.last == minute { None } else { step.seen.add(minute, keep) };
        }
        let mut seen = Sightings::default();
        let near = seen.add(minute, keep);
        self.steps.reserve_exact(1);
        self.steps.push(Step { kind, seen });
        near
    }

    /// Bytes of it towards `visitor::MAX_WEIGHT`: an estimate, but the same as that of models.visitor, which decides.
    pub fn weight(&self) -> i64 {
        let name = if self.name.is_ascii() { self.name.len() } else { 4 * self.name.chars().count() };
        WEIGHT + self.slices.weight + name as i64
    }

    /// Bytes of memory.
    pub fn memory_bytes(&self) -> usize {
        let absorbed: usize = self.absorbed.iter().map(|name| name.len() + 16).sum();
        size_of::<Self>()
            + self.name.len()
            + self.first_id.len()
            + 8 * (self.events.capacity() + self.orders.capacity())
            + self.steps.capacity() * size_of::<Step>()
            + absorbed
    }
}

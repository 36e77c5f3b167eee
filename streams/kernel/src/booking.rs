//! What a click adds to its session and visitor, as ClickBooking and SessionBooking do it.
//!
//! Declined, before anything was changed: made sessions that become one, a visitor with joined orders, a name that is
//! kept as its hash, and a session whose minutes do not fit the mask.

use crate::additions::Additions;
use crate::decode::Click;
use crate::rebooking::begin;
use crate::rules::{Kinds, Name, Rules, StepRules};
use crate::session::{Session, MADE, NEVER_US};
use crate::sightings::{joint, Neighbours, Sightings, MINUTE_US};
use crate::slices::{Interned, Slices};
use crate::visitor::{Visitor, MAX_WEIGHT};
use std::sync::Arc;

/// Bytes of a session id that are kept; Python keeps the hash of one with more characters.
const LONGEST_NAME: usize = 64;
const PAGE_VIEW: &str = "page_view";

/// What became of a click.
#[derive(PartialEq, Eq, Debug)]
pub enum Booked {
    Counted,
    Bot,
    Declined,
}

/// Where a click goes.
enum Place {
    Known(usize),
    /// It is the first event of a session.
    First(usize, Arc<Slices>),
    New(Arc<Slices>),
}

/// What is asked of a click once its session is known; `kind` None: no KPI and no conversion has its event type.
pub struct Taken<'a> {
    pub id: &'a str,
    pub at_us: i64,
    pub minute: i64,
    pub view: bool,
    pub kind: Option<u16>,
    pub converts: bool,
}

/// What all clicks of a task share. Event time, us since 1970 UTC: an event before `late_us` is late; no order before
/// `fixed_us` asks any more.
pub struct Booking<'a> {
    pub rules: &'a Rules,
    pub kinds: &'a Kinds,
    pub interned: &'a mut Interned,
    pub additions: &'a mut Additions,
    pub late_us: i64,
    pub fixed_us: i64,
}

impl Booking<'_> {
    /// Book a click that is no crawler's; `slices_of` it, asked for the first one of a session.
    pub fn book(
        &mut self,
        visitor: &mut Visitor,
        click: &Click<'_>,
        slices_of: impl FnOnce(&mut Interned) -> Option<Arc<Slices>>,
    ) -> Booked {
        let (at_us, minute) = (click.at_us, click.at_us.div_euclid(MINUTE_US));
        if visitor.joined != 0 || click.session_id.is_some_and(|name| name.len() > LONGEST_NAME) {
            return Booked::Declined;
        }
        if visitor.counted(minute) >= self.rules.limit {
            return Booked::Bot;
        }
        let event = self.taken(click, minute);
        let place = match self.find(visitor, click) {
            Err(booked) => return booked,
            Ok(Some(known)) if !visitor.sessions[known].fits(minute, event.kind) => return Booked::Declined,
            Ok(Some(known)) if !self.begins(&visitor.sessions[known], click) => Place::Known(known),
            Ok(known) => match (known, slices_of(self.interned)) {
                (Some(known), Some(slices)) => Place::First(known, slices),
                (None, Some(slices)) => Place::New(slices),
                (_, None) => return Booked::Declined,
            },
        };
        if let Place::New(slices) = &place {
            self.open(visitor, click, slices.clone());
        }
        visitor.count(minute, self.rules.keep_counts);
        visitor.last_us = visitor.last_us.max(at_us);
        let known =
            if let Place::Known(known) | Place::First(known, _) = place { known } else { visitor.sessions.len() - 1 };
        let session = &mut visitor.sessions[known];
        // now and then, as it looks through them
        if session.events.len() % 8 == 0 {
            session.forget(self.frozen_us().min(self.fixed_us));
        }
        if let Place::First(_, slices) = place {
            begin(self.rules, self.interned, self.additions, visitor, known, &event, slices);
        } else {
            self.add(visitor, known, &event);
        }
        Booked::Counted
    }

    /// The session of a click; None: it begins one.
    fn find(&self, visitor: &Visitor, click: &Click<'_>) -> Result<Option<usize>, Booked> {
        let (rules, at_us) = (self.rules, click.at_us);
        let found = if let Some(name) = click.session_id {
            visitor.named(name).filter(|&known| at_us - visitor.sessions[known].last_us <= rules.retention_us)
        } else {
            let (earlier, later) = visitor.made_around(at_us, rules.gap_us);
            if let (Some(_), Some(later)) = (earlier, later) {
                if at_us >= self.frozen_us() && visitor.sessions[later].before_us.is_none() {
                    return Err(Booked::Declined); // they would become one
                }
            }
            earlier.or(later)
        };
        if found.is_none() && visitor.weight > MAX_WEIGHT {
            return Err(Booked::Bot);
        }
        Ok(found)
    }

    /// Whether a click is the first one of a session that had begun without it; a frozen start does not move.
    fn begins(&self, session: &Session, click: &Click<'_>) -> bool {
        let frozen = click.at_us < self.frozen_us() && click.at_us < session.last_us;
        !frozen && session.begins_with(click.at_us, click.event_id)
    }

    fn taken<'c>(&self, click: &Click<'c>, minute: i64) -> Taken<'c> {
        let kind = self.kinds.known(click.event_type);
        let step = kind.and_then(|kind| self.rules.steps.get(usize::from(kind)));
        let (view, converts) = (click.event_type == PAGE_VIEW, step.is_some_and(|step| step.conversion));
        Taken { id: click.event_id, at_us: click.at_us, minute, view, kind, converts }
    }

    /// Begin the session of a click; those that no event can reach any more go.
    fn open(&self, visitor: &mut Visitor, click: &Click<'_>, slices: Arc<Slices>) {
        let name = click.session_id.map_or_else(|| format!("{MADE}{}", click.at_us).into(), Into::into);
        let session = Session::new(name, slices, click.at_us, click.event_id);
        let watermark_us = self.late_us + self.rules.horizon_us;
        visitor.open(session, watermark_us - self.rules.kept_us);
    }

    /// Add an event that is not another first one: in order of time, frozen, or among those that are not.
    fn add(&mut self, visitor: &mut Visitor, known: usize, event: &Taken<'_>) {
        let (at_us, minute) = (event.at_us, event.minute);
        let session = &mut visitor.sessions[known];
        if at_us >= session.last_us {
            self.move_on(session, event);
        } else if at_us < self.frozen_us() {
            if event.view && self.rules.counts_events {
                self.additions.add_event(&session.slices, minute, 0, 1);
            }
        } else {
            self.insert(session, event);
        }
        self.see_active(visitor, known, minute);
        let rules = self.rules;
        if let Some((kind, step)) = event.kind.and_then(|kind| Some((kind, rules.counted(kind)?))) {
            self.see_step(&mut visitor.sessions[known], kind, step, minute);
        }
    }

    /// An event in order of time. In a minute that is not yet seen `see_active` books that it is engaged.
    fn move_on(&mut self, session: &mut Session, event: &Taken<'_>) {
        let &Taken { at_us, minute, view, .. } = event;
        session.events.push(at_us << 1 | i64::from(view));
        if self.rules.counts_events {
            self.additions.add_event(&session.slices, minute, at_us - session.last_us, view.into());
        }
        session.last_us = at_us;
        if session.engaged_us != NEVER_US {
            return;
        }
        if view {
            session.view(at_us);
        }
        if session.engages(at_us, event.converts) {
            session.engaged_us = at_us;
            if let (Some(engaged), true) = (self.rules.engaged, minute == session.active.last) {
                self.additions.add(&session.slices, engaged, minute, 1, (None, None));
            }
        }
    }

    /// An event out of order that is not frozen, and not the first one.
    fn insert(&mut self, session: &mut Session, event: &Taken<'_>) {
        let (&Taken { at_us, minute, view, .. }, engaged) = (event, session.engaged_us / MINUTE_US);
        if self.rules.counts_events {
            self.cut_gap(session, at_us, minute, view);
        }
        session.insert(at_us, view, event.converts);
        self.engage_from(session, engaged);
    }

    /// Each event books the gap to the one before in its own minute, so the one after it books less.
    fn cut_gap(&mut self, session: &Session, at_us: i64, minute: i64, view: bool) {
        let place = session.events.partition_point(|&event| event <= at_us << 1 | 1);
        let before_us = if place > 0 { Some(session.events[place - 1] >> 1) } else { session.before_us };
        let gap_us = before_us.map_or(0, |before_us| at_us - before_us);
        self.additions.add_event(&session.slices, minute, gap_us, view.into());
        if let Some(&following) = session.events.get(place) {
            let following_us = following >> 1;
            let less_us = before_us.map_or(following_us - at_us, |before_us| before_us - at_us);
            self.additions.add_event(&session.slices, following_us.div_euclid(MINUTE_US), less_us, 0);
        }
    }

    /// Active from an earlier minute on is engaged, up to that in which it `was` before.
    fn engage_from(&mut self, session: &Session, was: i64) {
        let first = session.engaged_us / MINUTE_US;
        let Some(engaged) = self.rules.engaged.filter(|_| first != was) else { return };
        let mut following = None;
        for minute in session.active.minutes().take_while(|&minute| minute >= first) {
            if minute < was {
                self.additions.add(&session.slices, engaged, minute, 1, (None, following));
            }
            following = Some(minute);
        }
    }

    /// The session is active in a minute; so is its visitor, in each slice where no other session was nearer.
    fn see_active(&mut self, visitor: &mut Visitor, known: usize, minute: i64) {
        if minute == visitor.sessions[known].active.last {
            return;
        }
        let Some(near) = visitor.sessions[known].active.add(minute, self.rules.keep_minutes) else { return };
        let (session, rules) = (&visitor.sessions[known], self.rules);
        let since = session.engaged_us / MINUTE_US;
        let first = near.0.is_some_and(|before| before < since); // of the engaged ones, if it is one
        let alone = visitor.sessions.len() == 1 || joint(near, others(visitor, known), minute) == Some(near);
        let name = rules.seen[usize::from(minute >= since && !first)][usize::from(alone)];
        self.additions.add(&session.slices, name, minute, 1, near);
        if let Some(engaged) = rules.engaged.filter(|_| first && minute >= since) {
            self.additions.add(&session.slices, engaged, minute, 1, (None, near.1));
        }
        let Some(visitors) = rules.visitors.filter(|_| !alone) else { return };
        for (at, piece) in session.slices.pieces.iter().enumerate() {
            let same = |other: &&Session| other.slices.pieces.get(at).is_some_and(|its| its.same(piece));
            let others = other_sessions(visitor, known).filter(same).map(|other| &other.active);
            if let Some(nearest) = joint(near, others, minute) {
                let slices = self.interned.alone(piece);
                self.additions.add(&slices, visitors, minute, 1, nearest);
            }
        }
    }

    /// The session has made a step in a minute: what is counted of it alone, and of it with others.
    fn see_step(&mut self, session: &mut Session, kind: u16, step: &StepRules, minute: i64) {
        let Some(near) = session.see_step(kind, minute, self.rules.keep_minutes) else { return };
        let slices = &session.slices;
        for &name in &step.alone {
            self.additions.add(slices, name, minute, 1, near);
        }
        for (name, kinds) in &step.either {
            let others = session.steps.iter().filter(|one| kinds.contains(&one.kind)).map(|one| &one.seen);
            self.book_either(slices, *name, minute, 1, joint(near, others, minute));
        }
        for &(name, other) in &step.both {
            if let Some(its) = session.steps.iter().find(|one| one.kind == other) {
                self.additions.add(slices, name, minute, 1, near);
                self.book_either(slices, name, minute, -1, joint(near, std::iter::once(&its.seen), minute));
            }
        }
    }

    /// A minute that was not seen by the others.
    fn book_either(&mut self, slices: &Arc<Slices>, name: Name, minute: i64, n: i64, near: Option<Neighbours>) {
        if let Some(near) = near {
            self.additions.add(slices, name, minute, n, near);
        }
    }

    /// The watermark is so far past events before it that they move nothing any more.
    fn frozen_us(&self) -> i64 {
        self.late_us + self.rules.thaw_us
    }
}

fn other_sessions(visitor: &Visitor, known: usize) -> impl Iterator<Item = &Session> {
    visitor.sessions.iter().enumerate().filter(move |(place, _)| *place != known).map(|(_, other)| other)
}

fn others(visitor: &Visitor, known: usize) -> impl Iterator<Item = &Sightings> {
    other_sessions(visitor, known).map(|other| &other.active)
}

//! An event that turns out to be the first one of its session: what was contributed is taken back and booked anew.
//!
//! As streams.measuring.session_measures has it, of visitors without joined orders.

use crate::additions::{Addition, Additions};
use crate::booking::Taken;
use crate::rules::{Name, Rules};
use crate::session::Session;
use crate::sightings::MINUTE_US;
use crate::slices::{Interned, Piece, Slices};
use crate::visitor::Visitor;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

const KEEP_ALL: i64 = 1 << 40;

/// Time on site (us) and page views of a minute, more or less.
#[derive(Default)]
struct Moved {
    gaps_us: i64,
    views: i64,
}

/// Additions with what they are added to, by its number.
#[derive(Default)]
struct Books {
    slices: HashMap<u32, Arc<Slices>>,
    additions: HashMap<(u32, Addition), i64>,
    events: HashMap<(u32, i64), Moved>,
}

impl Books {
    /// A set of minutes contributes to the distinct count of every window by its chain.
    fn chain(&mut self, slices: &Arc<Slices>, name: Name, minutes: impl IntoIterator<Item = i64>, sign: i64) {
        self.slices.entry(slices.number).or_insert_with(|| slices.clone());
        let mut before = None;
        for minute in minutes {
            let addition = Addition { name, minute, near: (before, None) };
            *self.additions.entry((slices.number, addition)).or_default() += sign;
            before = Some(minute);
        }
    }

    /// What the page views and gaps of a session contribute that are not frozen.
    fn events(&mut self, session: &Session, sign: i64) {
        let mut before_us = session.before_us;
        for &packed in &session.events {
            let at_us = packed >> 1;
            let events = self.events.entry((session.slices.number, at_us.div_euclid(MINUTE_US))).or_default();
            events.views += sign * (packed & 1);
            events.gaps_us += before_us.map_or(0, |before_us| sign * (at_us - before_us));
            before_us = Some(at_us);
        }
    }

    fn book(self, additions: &mut Additions) {
        for ((number, its), n) in self.additions.into_iter().filter(|&(_, n)| n != 0) {
            additions.add(&self.slices[&number], its.name, its.minute, n, its.near);
        }
        for ((number, minute), events) in self.events {
            additions.add_event(&self.slices[&number], minute, events.gaps_us, events.views);
        }
    }
}

/// Take up the first event of a session, with its `slices`, and add the difference.
pub fn begin(
    rules: &Rules,
    interned: &mut Interned,
    additions: &mut Additions,
    visitor: &mut Visitor,
    known: usize,
    event: &Taken<'_>,
    slices: Arc<Slices>,
) {
    let mut books = Books::default();
    contribute(rules, interned, visitor, known, &mut books, -1);
    let session = &mut visitor.sessions[known];
    session.insert(event.at_us, event.view, event.converts);
    session.begin(event.at_us, event.id, slices);
    session.active.add(event.minute, KEEP_ALL);
    if let Some(kind) = event.kind.filter(|&kind| rules.counted(kind).is_some()) {
        session.see_step(kind, event.minute, KEEP_ALL);
    }
    contribute(rules, interned, visitor, known, &mut books, 1);
    books.book(additions);
}

fn contribute(rules: &Rules, interned: &mut Interned, visitor: &Visitor, known: usize, books: &mut Books, sign: i64) {
    let session = &visitor.sessions[known];
    let (slices, active) = (&session.slices, minutes([session].into_iter()));
    if let Some(engaged) = rules.engaged {
        let since = session.engaged_us.div_euclid(MINUTE_US);
        books.chain(slices, engaged, active.range(since..).copied(), sign);
    }
    books.chain(slices, rules.sessions, active, sign);
    contribute_steps(rules, session, books, sign);
    if rules.counts_events {
        books.events(session, sign);
    }
    if let Some(visitors) = rules.visitors {
        contribute_visitor(interned, visitor, visitors, books, sign);
    }
}

fn contribute_steps(rules: &Rules, session: &Session, books: &mut Books, sign: i64) {
    let slices = &session.slices;
    let of = |kind: u16| -> BTreeSet<i64> {
        let step = session.steps.iter().find(|step| step.kind == kind);
        step.into_iter().flat_map(|step| step.seen.minutes()).collect()
    };
    let mut converting = BTreeSet::new();
    for step in session.steps.iter().filter(|step| usize::from(step.kind) < rules.steps.len()) {
        let its = &rules.steps[usize::from(step.kind)];
        for &name in &its.alone {
            books.chain(slices, name, of(step.kind), sign);
        }
        if its.conversion {
            converting.extend(step.seen.minutes());
        }
        for &(name, other) in its.both.iter().filter(|(_, other)| step.kind < *other) {
            let (one, two) = (of(step.kind), of(other));
            if !two.is_empty() {
                books.chain(slices, name, one.union(&two).copied(), -sign);
                books.chain(slices, name, one, sign);
                books.chain(slices, name, two, sign);
            }
        }
    }
    if let Some(name) = rules.converting {
        books.chain(slices, name, converting, sign);
    }
}

/// To every slice of the sessions of a visitor the minutes of those in it.
fn contribute_visitor(interned: &mut Interned, visitor: &Visitor, name: Name, books: &mut Books, sign: i64) {
    let mut done: Vec<&Piece> = Vec::new();
    for piece in visitor.sessions.iter().flat_map(|session| &session.slices.pieces) {
        if done.iter().any(|known| known.same(piece)) {
            continue;
        }
        done.push(piece);
        let has = |session: &&Session| session.slices.pieces.iter().any(|its| its.same(piece));
        let minutes = minutes(visitor.sessions.iter().filter(has));
        books.chain(&interned.alone(piece), name, minutes, sign);
    }
}

fn minutes<'a>(sessions: impl Iterator<Item = &'a Session>) -> BTreeSet<i64> {
    sessions.flat_map(|session| session.active.minutes()).collect()
}

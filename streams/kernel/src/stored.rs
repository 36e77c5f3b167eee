//! How visitors are stored: format 2 of streams.measuring.visitor_table, byte by byte.

use crate::msgpack::{Reader, Writer};
use crate::rules::Kinds;
use crate::session::{Session, Step, NEVER_US};
use crate::sightings::Sightings;
use crate::slices::Slices;
use crate::visitor::Visitor;
use std::sync::Arc;

const VERSION: u8 = 2;
/// An integer of msgpack has 64 bits: a visitor with a greater mask has all its masks of 63 bits or more as bytes.
const WIDE: u128 = 1 << 64;
const NARROW_BITS: u32 = 63;

/// A row with its format version.
pub fn encode(visitor: &Visitor, kinds: &Kinds) -> Vec<u8> {
    let mut out = Writer { bytes: Vec::with_capacity(160 + 320 * visitor.sessions.len()) };
    write(&mut out, visitor, kinds);
    out.bytes
}

/// The same, behind what was written.
pub fn write(out: &mut Writer, visitor: &Visitor, kinds: &Kinds) {
    let wide = visitor
        .sessions
        .iter()
        .any(|session| session.active.mask >= WIDE || session.steps.iter().any(|step| step.seen.mask >= WIDE));
    out.bytes.push(VERSION);
    out.array(5);
    out.int(visitor.last_us);
    out.int(visitor.minute);
    write_counts(out, &visitor.counts);
    out.int(visitor.joined);
    out.array(visitor.sessions.len());
    for session in &visitor.sessions {
        write_session(out, session, kinds, wide);
    }
}

/// The row of a stored value of this format; None: Python has to look at it. `slices_of` stored segments.
pub fn decode(
    stored: &[u8],
    kinds: &mut Kinds,
    mut slices_of: impl FnMut(&[u8]) -> Option<Arc<Slices>>,
) -> Option<Visitor> {
    let mut from = Reader::new(stored.strip_prefix(&[VERSION])?);
    (from.array()? == 5).then_some(())?;
    let (last_us, minute, counts, joined) = (from.int()?, from.int()?, read_counts(&mut from)?, from.int()?);
    let mut sessions = Vec::new();
    for _ in 0..from.array()? {
        sessions.push(read_session(&mut from, kinds, &mut slices_of)?);
    }
    from.ended().then_some(())?;
    let mut visitor = Visitor { last_us, minute, counts, sessions, joined, weight: 0 };
    visitor.weigh();
    Some(visitor)
}

/// `last_us` of a stored value; nothing else is decoded.
pub fn last_us(stored: &[u8]) -> Option<i64> {
    let mut from = Reader::new(stored.strip_prefix(&[VERSION])?);
    (from.array()? == 5).then_some(())?;
    from.int()
}

fn write_session(out: &mut Writer, session: &Session, kinds: &Kinds, wide: bool) {
    let first_us = session.first_us;
    let since = |at_us: i64| (at_us != NEVER_US).then_some(at_us - first_us);
    out.array(10);
    out.text(&session.name);
    out.raw(&session.slices.packed);
    out.int(first_us);
    out.text(&session.first_id);
    out.array(5);
    out.int(session.last_us - first_us);
    out.optional(session.before_us.map(|before_us| before_us - first_us));
    out.optional(since(session.view_us));
    out.optional(since(session.second_view_us));
    out.optional(since(session.engaged_us));
    out.array(3);
    write_sightings(out, &session.active, wide);
    let events: Vec<u8> = session.events.iter().flat_map(|event| event.to_le_bytes()).collect();
    out.binary(&events);
    out.array(session.steps.len());
    for step in &session.steps {
        out.array(4);
        write_sightings(out, &step.seen, wide);
        out.text(kinds.name(step.kind));
    }
    if session.orders.is_empty() {
        out.nil();
    } else {
        out.array(session.orders.len());
        session.orders.iter().for_each(|&order| out.int(order));
    }
    out.array(session.absorbed.len());
    session.absorbed.iter().for_each(|name| out.text(name));
}

fn read_session(
    from: &mut Reader<'_>,
    kinds: &mut Kinds,
    slices_of: &mut impl FnMut(&[u8]) -> Option<Arc<Slices>>,
) -> Option<Session> {
    (from.array()? == 10).then_some(())?;
    let name = from.text()?.into();
    let slices = slices_of(from.texts()?)?;
    let first_us = from.int()?;
    let mut session = Session::new(name, slices, first_us, from.text()?);
    (from.array()? == 5).then_some(())?;
    session.last_us = first_us + from.int()?;
    session.before_us = from.optional()?.map(|before| first_us + before);
    let mut after = || Some(from.optional()?.map_or(NEVER_US, |after| first_us + after));
    (session.view_us, session.second_view_us, session.engaged_us) = (after()?, after()?, after()?);
    (from.array()? == 3).then_some(())?;
    session.active = read_sightings(from)?;
    let events = from.binary()?.chunks_exact(8);
    events.remainder().is_empty().then_some(())?;
    session.events = events.map(|event| i64::from_le_bytes(event.try_into().unwrap_or_default())).collect();
    for _ in 0..from.array()? {
        (from.array()? == 4).then_some(())?;
        let seen = read_sightings(from)?;
        session.steps.push(Step { kind: kinds.of(from.text()?)?, seen });
    }
    if !from.nil() {
        for _ in 0..from.array()? {
            session.orders.push(from.int()?);
        }
    }
    for _ in 0..from.array()? {
        session.absorbed.push(from.text()?.into());
    }
    Some(session)
}

fn write_sightings(out: &mut Writer, seen: &Sightings, wide: bool) {
    out.int(seen.last);
    match u64::try_from(seen.mask) {
        Ok(mask) if !wide || mask >> NARROW_BITS == 0 => out.whole(mask),
        _ => write_wide(out, &seen.mask.to_le_bytes(), 128 - seen.mask.leading_zeros()),
    }
    out.optional(seen.earlier);
}

fn read_sightings(from: &mut Reader<'_>) -> Option<Sightings> {
    Some(Sightings { last: from.int()?, mask: from.wide()?, earlier: from.optional()? })
}

/// 16 bits a minute as one number, the latest minute lowest.
fn write_counts(out: &mut Writer, counts: &[u16]) {
    let used = counts.len() - counts.iter().rev().take_while(|&&count| count == 0).count();
    let bits = counts[..used].last().map_or(0, |top| 16 * used as u32 - top.leading_zeros());
    if bits <= NARROW_BITS {
        out.whole(counts[..used].iter().rev().fold(0, |whole, &count| whole << 16 | u64::from(count)));
    } else {
        let bytes: Vec<u8> = counts[..used].iter().flat_map(|count| count.to_le_bytes()).collect();
        write_wide(out, &bytes, bits);
    }
}

fn read_counts(from: &mut Reader<'_>) -> Option<Vec<u16>> {
    let mut wide = from.clone();
    let bytes: Vec<u8> = match wide.binary() {
        Some(bytes) => {
            *from = wide;
            bytes.to_vec()
        }
        None => u64::try_from(from.wide()?).ok()?.to_le_bytes().to_vec(),
    };
    let counts = bytes.chunks(2).map(|pair| u16::from(pair[0]) | u16::from(*pair.get(1).unwrap_or(&0)) << 8);
    let mut counts: Vec<u16> = counts.collect();
    while counts.last() == Some(&0) {
        counts.pop();
    }
    Some(counts)
}

/// Little-endian, with a byte more than the bits take.
fn write_wide(out: &mut Writer, bytes: &[u8], bits: u32) {
    let mut exact = bytes.to_vec();
    exact.resize(bits as usize / 8 + 1, 0);
    out.binary(&exact);
}

//! Slices: the parts of the business an event counts in, as models.slices has them.

use hashbrown::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

const MAX_INTERNED: usize = 20_000;

/// One slice.
#[derive(Debug)]
pub struct Piece {
    pub number: u32,
    pub dimension: Box<str>,
    pub segment: Box<str>,
}

impl Piece {
    pub fn same(&self, other: &Piece) -> bool {
        self.number == other.number || (self.segment == other.segment && self.dimension == other.dimension)
    }
}

/// The slices of an event, the total first; `number` tells them apart in the sums of a commit.
#[derive(Debug)]
pub struct Slices {
    pub number: u32,
    pub pieces: Vec<Arc<Piece>>,
    pub packed: Box<[u8]>,
    pub weight: i64,
    /// Where they are in the sums of a commit: its turn above, the place below. All slices of a task have one home.
    place: AtomicU64,
}

impl Slices {
    /// The place in the sums of a turn, if it has one.
    pub fn place_in(&self, turn: u32) -> Option<u32> {
        let place = self.place.load(Ordering::Relaxed);
        (place >> 32 == u64::from(turn)).then_some(place as u32)
    }

    pub fn put_in(&self, turn: u32, place: u32) {
        self.place.store(u64::from(turn) << 32 | u64::from(place), Ordering::Relaxed);
    }
}

/// What Python says of segments: their slices, how they are stored, the bytes they take.
pub struct Given {
    pub pairs: Vec<(String, String)>,
    pub packed: Vec<u8>,
    pub weight: i64,
}

/// Slices that are known. Free text of clients must not fill the memory: a full map is emptied, sessions keep theirs.
#[derive(Default)]
pub struct Interned {
    numbers: u32,
    pieces: HashMap<(Box<str>, Box<str>), Arc<Piece>>,
    alone: HashMap<u32, Arc<Slices>>,
    stored: HashMap<Box<[u8]>, Arc<Slices>>,
    clicked: HashMap<Box<[u8]>, Arc<Slices>>,
}

impl Interned {
    /// Of the fields of a click that decide about its slices; `ask` is asked where they are new.
    pub fn of_click(&mut self, fields: &[u8], ask: impl FnOnce() -> Option<Given>) -> Option<Arc<Slices>> {
        if let Some(known) = self.clicked.get(fields) {
            return Some(known.clone());
        }
        let slices = self.given(ask()?);
        insert(&mut self.clicked, fields.into(), &slices);
        Some(slices)
    }

    /// Of stored segments.
    pub fn of_stored(&mut self, packed: &[u8], ask: impl FnOnce() -> Option<Given>) -> Option<Arc<Slices>> {
        if let Some(known) = self.stored.get(packed) {
            return Some(known.clone());
        }
        let slices = self.given(ask()?);
        insert(&mut self.stored, packed.into(), &slices);
        Some(slices)
    }

    /// One slice for itself, for what does not count in the others.
    pub fn alone(&mut self, piece: &Arc<Piece>) -> Arc<Slices> {
        if let Some(known) = self.alone.get(&piece.number) {
            return known.clone();
        }
        let slices = Arc::new(Slices {
            number: self.number(),
            pieces: vec![piece.clone()],
            packed: Box::default(),
            weight: 0,
            place: AtomicU64::new(0),
        });
        insert(&mut self.alone, piece.number, &slices);
        slices
    }

    fn given(&mut self, given: Given) -> Arc<Slices> {
        if let Some(known) = self.stored.get(&given.packed[..]) {
            return known.clone();
        }
        let packed: Box<[u8]> = given.packed.into();
        let pieces = given.pairs.into_iter().map(|(dimension, segment)| self.piece(&dimension, &segment)).collect();
        let slices = Arc::new(Slices {
            number: self.number(),
            pieces,
            packed: packed.clone(),
            weight: given.weight,
            place: AtomicU64::new(0),
        });
        insert(&mut self.stored, packed, &slices);
        slices
    }

    fn piece(&mut self, dimension: &str, segment: &str) -> Arc<Piece> {
        let name: (Box<str>, Box<str>) = (dimension.into(), segment.into());
        if let Some(known) = self.pieces.get(&name) {
            return known.clone();
        }
        let piece = Arc::new(Piece { number: self.number(), dimension: dimension.into(), segment: segment.into() });
        insert(&mut self.pieces, name, &piece);
        piece
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }
}

fn insert<K: std::hash::Hash + Eq, V>(known: &mut HashMap<K, Arc<V>>, key: K, value: &Arc<V>) {
    if known.len() >= MAX_INTERNED {
        known.clear();
    }
    known.insert(key, value.clone());
}

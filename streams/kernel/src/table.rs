//! The table of visitors: rows by id, what changed since the last commit, and which rows are past.
//!
//! A row is awake, rests as its stored bytes since a restart, or is lent to Python, which gives it back at a commit.

use crate::msgpack::{Reader, Writer};
use crate::rules::Kinds;
use crate::stored;
use crate::visitor::Visitor;
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use std::collections::BTreeMap;
use std::hash::BuildHasher;

const GRAIN_US: i64 = 60_000_000;
const SAMPLE: usize = 200;

/// Where the row of a visitor is.
pub enum Row {
    Awake(Box<Visitor>),
    Rested(Box<[u8]>),
    Lent,
    Gone,
}

/// `filed`: whether it is in `filed` or `unfiled`, once; a row that takes over a slot takes over this as well.
struct Slot {
    id: Box<str>,
    row: Row,
    changed: bool,
    filed: bool,
}

/// Changelog records below the table's name, in one buffer.
#[derive(Default)]
pub struct Changes {
    out: Writer,
    /// Where the key and the value of each end; no value is a tombstone.
    ends: Vec<(usize, Option<usize>)>,
}

impl Changes {
    /// Keys, and stored values or None.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], Option<&[u8]>)> {
        let mut start = 0;
        self.ends.iter().map(move |&(key, value)| {
            let its = (&self.out.bytes[start..key], value.map(|end| &self.out.bytes[key..end]));
            start = value.unwrap_or(key);
            its
        })
    }

    fn put(&mut self, id: &str, write: impl FnOnce(&mut Writer)) {
        self.out.text(id);
        let key = self.out.bytes.len();
        write(&mut self.out);
        self.ends.push((key, Some(self.out.bytes.len())));
    }

    fn delete(&mut self, id: &str) {
        self.out.text(id);
        self.ends.push((self.out.bytes.len(), None));
    }
}

/// Rows are kept `keep_us` of event time after their last event, and up to a minute more.
pub struct Table {
    slots: Vec<Slot>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    free: Vec<u32>,
    changed: Vec<u32>,
    gone: HashSet<Box<str>>,
    /// By the minute of event time in which rows come due, as in models.table_ttl.
    filed: BTreeMap<i64, Vec<u32>>,
    unfiled: Vec<u32>,
    keep_us: i64,
}

impl Table {
    pub fn new(keep_us: i64) -> Self {
        Self {
            slots: Vec::new(),
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            free: Vec::new(),
            changed: Vec::new(),
            gone: HashSet::new(),
            filed: BTreeMap::new(),
            unfiled: Vec::new(),
            keep_us,
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn find(&self, id: &str) -> Option<u32> {
        self.places.find(self.hasher.hash_one(id), |&place| *self.slots[place as usize].id == *id).copied()
    }

    pub fn row(&mut self, place: u32) -> &mut Row {
        &mut self.slots[place as usize].row
    }

    /// A row of a visitor that has none, of this time.
    pub fn insert(&mut self, id: &str, row: Row, last_us: i64) -> u32 {
        let place = self.put(id, row);
        self.file(place, last_us);
        place
    }

    /// Say that an awake row was changed.
    pub fn touch(&mut self, place: u32) {
        let slot = &mut self.slots[place as usize];
        if !slot.changed {
            slot.changed = true;
            self.changed.push(place);
        }
    }

    /// Hand a row out as its stored bytes, and whether it was changed since the last commit.
    pub fn lend(&mut self, id: &str, kinds: &Kinds) -> Option<(Vec<u8>, bool)> {
        let place = self.find(id)?;
        let slot = &mut self.slots[place as usize];
        let bytes = match std::mem::replace(&mut slot.row, Row::Lent) {
            Row::Awake(visitor) => stored::encode(&visitor, kinds),
            Row::Rested(bytes) => bytes.into_vec(),
            Row::Lent | Row::Gone => return None,
        };
        Some((bytes, slot.changed))
    }

    /// Take a lent row back; whether it was lent.
    pub fn give_back(&mut self, id: &str, bytes: &[u8]) -> bool {
        let Some(place) = self.find(id) else { return false };
        let row = self.row(place);
        let lent = matches!(row, Row::Lent);
        if lent {
            *row = Row::Rested(bytes.into());
        }
        lent
    }

    /// Take a row, or its absence, from the changelog; it is filed later. Whether it can be read; nothing is changed
    /// where it cannot.
    pub fn restore(&mut self, key: &[u8], bytes: Option<&[u8]>) -> bool {
        let Some(id) = named(key) else { return false };
        if bytes.is_some_and(|bytes| stored::last_us(bytes).is_none()) {
            return false;
        }
        match (self.find(id), bytes) {
            (Some(place), Some(bytes)) => *self.row(place) = Row::Rested(bytes.into()),
            (Some(place), None) => self.remove(place),
            (None, Some(bytes)) => {
                let place = self.put(id, Row::Rested(bytes.into()));
                if !std::mem::replace(&mut self.slots[place as usize].filed, true) {
                    self.unfiled.push(place);
                }
            }
            (None, None) => {}
        }
        true
    }

    /// What changed since the last drain, each key once; lent rows are with Python.
    pub fn drain(&mut self, kinds: &Kinds) -> Changes {
        let mut changes = Changes::default();
        for place in std::mem::take(&mut self.changed) {
            let slot = &mut self.slots[place as usize];
            if !std::mem::take(&mut slot.changed) {
                continue; // another one's now, or drained already
            }
            if let Row::Awake(visitor) = &slot.row {
                changes.put(&slot.id, |out| stored::write(out, visitor, kinds));
            }
        }
        for id in self.gone.drain() {
            changes.delete(&id);
        }
        changes
    }

    /// Delete rows that are past by the watermark, looking at no more than `looks`. Returns lent ones that came due:
    /// `judge` is to be asked about each.
    pub fn expire(&mut self, watermark_us: i64, looks: usize) -> Vec<Box<str>> {
        let mut lent = Vec::new();
        if !self.unfiled.is_empty() {
            let rest = self.unfiled.len().saturating_sub(looks);
            for place in self.unfiled.split_off(rest) {
                self.look(place, i64::MIN, &mut lent);
            }
            return lent;
        }
        let now = watermark_us.div_euclid(GRAIN_US);
        for _ in 0..looks {
            let Some(mut due) = self.filed.first_entry().filter(|entry| *entry.key() < now) else { break };
            let place = due.get_mut().pop();
            if due.get().is_empty() {
                due.remove();
            }
            if let Some(place) = place {
                self.look(place, now, &mut lent);
            }
        }
        lent
    }

    /// Delete a lent row of this time if it is past, and file it otherwise; whether it was deleted.
    pub fn judge(&mut self, id: &str, last_us: i64, watermark_us: i64) -> bool {
        let Some(place) = self.find(id) else { return false };
        let past = self.due(last_us) < watermark_us.div_euclid(GRAIN_US);
        if past {
            self.delete(place);
        } else {
            self.file(place, last_us);
        }
        past
    }

    /// Bytes of memory, estimated from some of the rows.
    pub fn memory_bytes(&self) -> usize {
        let step = self.slots.len() / SAMPLE + 1;
        let sample = self.slots.iter().step_by(step);
        let (count, bytes) = sample.fold((0, 0), |(count, bytes), slot| {
            let row = match &slot.row {
                Row::Awake(visitor) => visitor.memory_bytes(),
                Row::Rested(stored) => stored.len(),
                Row::Lent | Row::Gone => 0,
            };
            (count + 1, bytes + slot.id.len() + row)
        });
        let of_rows = (bytes * self.slots.len()).checked_div(count).unwrap_or(0);
        of_rows + self.slots.capacity() * size_of::<Slot>() + 8 * self.places.capacity() + 4 * self.slots.len()
    }

    fn look(&mut self, place: u32, now: i64, lent: &mut Vec<Box<str>>) {
        self.slots[place as usize].filed = false;
        match self.last_us(place) {
            Some(last_us) if self.due(last_us) < now => self.delete(place),
            Some(last_us) => self.file(place, last_us),
            None if matches!(self.row(place), Row::Lent) => lent.push(self.slots[place as usize].id.clone()),
            None => {}
        }
    }

    fn put(&mut self, id: &str, row: Row) -> u32 {
        let mut slot = Slot { id: id.into(), row, changed: false, filed: false };
        let place = if let Some(place) = self.free.pop() {
            let before = &mut self.slots[place as usize];
            slot.filed = before.filed;
            *before = slot;
            place
        } else {
            self.slots.push(slot);
            self.slots.len() as u32 - 1
        };
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.places.insert_unique(hasher.hash_one(id), place, |&known| hasher.hash_one(&*slots[known as usize].id));
        if !self.gone.is_empty() {
            self.gone.remove(id);
        }
        place
    }

    fn delete(&mut self, place: u32) {
        self.gone.insert(self.slots[place as usize].id.clone());
        self.remove(place);
    }

    fn remove(&mut self, place: u32) {
        let id = std::mem::take(&mut self.slots[place as usize].id);
        let hash = self.hasher.hash_one(&*id);
        if let Ok(found) = self.places.find_entry(hash, |&known| known == place) {
            found.remove();
        }
        self.slots[place as usize].row = Row::Gone;
        self.free.push(place);
    }

    fn last_us(&self, place: u32) -> Option<i64> {
        match &self.slots[place as usize].row {
            Row::Awake(visitor) => Some(visitor.last_us),
            Row::Rested(bytes) => stored::last_us(bytes),
            Row::Lent | Row::Gone => None,
        }
    }

    fn due(&self, last_us: i64) -> i64 {
        (last_us + self.keep_us).div_euclid(GRAIN_US)
    }

    fn file(&mut self, place: u32, last_us: i64) {
        let grain = self.due(last_us);
        if !std::mem::replace(&mut self.slots[place as usize].filed, true) {
            self.filed.entry(grain).or_default().push(place);
        }
    }
}

fn named(key: &[u8]) -> Option<&str> {
    let mut from = Reader::new(key);
    let id = from.text()?;
    from.ended().then_some(id)
}

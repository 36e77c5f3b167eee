//! Ids seen within the horizon of an input partition, as `streams.measuring.dedup` has them.
//!
//! The same changelog, record for record and in the same order: either may restore what the other drained.

use std::hash::{BuildHasherDefault, Hasher};
use std::mem::{size_of, take};

use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

use crate::msgpack::{Reader, Writer};

#[cfg(test)]
mod tests;

const MINUTE_US: i64 = 60_000_000;
/// The format of stored values, their first byte.
const VERSION: u8 = 1;
const NUMBER_BYTES: usize = size_of::<u64>();

/// A changelog record: key, and the stored value or None for a tombstone.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// Why a changelog record cannot be taken back. The words for it are those of `models.table.Codec`.
#[derive(Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is no array of a minute and a chunk.
    Key,
    /// The value is of this format, or empty.
    Format(Option<u8>),
    /// The value is no row of whole numbers.
    Value,
}

/// 64 bits of an id; two of three million live ids collide once in 10^13 events.
pub fn id_hash(event_id: &str) -> u64 {
    xxh3_64(event_id.as_bytes())
}

/// Ids are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("only whole numbers are hashed");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// The ids of a minute of event time: `hot` ones as a set, the rest sorted; `fresh` ones are not yet logged.
#[derive(Default)]
struct Minute {
    hot: HashSet<u64, BuildHasherDefault<AsItIs>>,
    cold: Vec<u64>,
    fresh: Vec<u64>,
    /// Stored values so far.
    chunks: i64,
    /// Restored or cooled: most minutes are never asked for again.
    unsorted: bool,
    /// Its turn among the minutes, by which the changelog is ordered.
    turn: u64,
}

impl Minute {
    fn has(&mut self, number: u64) -> bool {
        self.hot.contains(&number) || (!self.cold.is_empty() && self.packed(number))
    }

    fn packed(&mut self, number: u64) -> bool {
        if self.unsorted {
            self.cold.sort_unstable();
            self.unsorted = false;
        }
        self.cold.binary_search(&number).is_ok()
    }

    fn cool(&mut self) {
        self.cold.reserve_exact(self.hot.len());
        self.cold.extend(take(&mut self.hot));
        self.unsorted = true;
    }

    fn bytes(&self) -> usize {
        self.hot.allocation_size() + (self.cold.capacity() + self.fresh.capacity()) * NUMBER_BYTES
    }
}

/// Hashes of ids by the minute of their event time.
#[derive(Default)]
pub struct SeenIds {
    minutes: HashMap<i64, Minute>,
    gone: Vec<(i64, i64)>,
    cooled: i64,
    forgotten: i64,
    turns: u64,
}

impl SeenIds {
    /// Ids held.
    pub fn len(&self) -> usize {
        self.minutes.values().map(|minute| minute.hot.len() + minute.cold.len()).sum()
    }

    /// Whether an event with this id and timestamp was counted before.
    pub fn seen(&mut self, at_us: i64, number: u64) -> bool {
        self.minutes.get_mut(&minute_of(at_us)).is_some_and(|minute| minute.has(number))
    }

    /// Remember the id hash of an event; false if an event with this id and timestamp was counted before.
    pub fn claim(&mut self, at_us: i64, number: u64) -> bool {
        let minute = self.minute(minute_of(at_us));
        if (!minute.cold.is_empty() && minute.packed(number)) || !minute.hot.insert(number) {
            return false;
        }
        minute.fresh.push(number);
        true
    }

    /// Take back the last claim: the event is not counted after all.
    pub fn disclaim(&mut self, at_us: i64, number: u64) {
        let minute = self.minutes.get_mut(&minute_of(at_us)).expect("the minute of the last claim");
        minute.hot.remove(&number);
        minute.fresh.pop().expect("the last claim is not yet logged");
    }

    /// Pack minutes before `hot_from_us` and forget those before `from_us`; once a minute of event time.
    pub fn sweep(&mut self, hot_from_us: i64, from_us: i64) {
        let (hot_from, first) = (minute_of(hot_from_us), minute_of(from_us));
        if hot_from == self.cooled && first == self.forgotten {
            return;
        }
        (self.cooled, self.forgotten) = (hot_from, first);
        let mut past: Vec<_> = self.minutes.extract_if(|&name, _| name < first).collect();
        past.sort_unstable_by_key(|(_, minute)| minute.turn);
        self.gone
            .extend(past.iter().flat_map(|&(name, ref minute)| (0..minute.chunks).map(move |chunk| (name, chunk))));
        for (&name, minute) in &mut self.minutes {
            if name < hot_from && !minute.hot.is_empty() {
                minute.cool();
            }
        }
    }

    /// What changed since the last drain: fresh ids by minute, then tombstones of what was forgotten.
    pub fn drain(&mut self) -> Vec<Change> {
        let mut fresh: Vec<_> = self.minutes.iter_mut().filter(|(_, minute)| !minute.fresh.is_empty()).collect();
        fresh.sort_unstable_by_key(|(_, minute)| minute.turn);
        let mut changes = Vec::with_capacity(fresh.len() + self.gone.len());
        for (&name, minute) in fresh {
            changes.push((key(name, minute.chunks), Some(stored(&take(&mut minute.fresh)))));
            minute.chunks += 1;
        }
        changes.extend(take(&mut self.gone).into_iter().map(|(name, chunk)| (key(name, chunk), None)));
        changes
    }

    /// Take back one changelog record, oldest first; what cannot be read changes nothing.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Damage> {
        let (name, chunk) = named(key).ok_or(Damage::Key)?;
        let Some(value) = value else {
            self.minutes.remove(&name);
            return Ok(());
        };
        let numbers = row(value)?;
        let minute = self.minute(name);
        minute.cold.extend(numbers);
        minute.unsorted = true;
        minute.chunks = minute.chunks.max(chunk.saturating_add(1));
        Ok(())
    }

    /// Memory held: exact, at a cost that grows with the minutes and not with the ids.
    pub fn memory_bytes(&self) -> usize {
        let minutes: usize = self.minutes.values().map(Minute::bytes).sum();
        size_of::<Self>() + self.minutes.allocation_size() + self.gone.capacity() * size_of::<(i64, i64)>() + minutes
    }

    fn minute(&mut self, name: i64) -> &mut Minute {
        self.minutes.entry(name).or_insert_with(|| {
            self.turns += 1;
            Minute { turn: self.turns, ..Minute::default() }
        })
    }
}

fn minute_of(at_us: i64) -> i64 {
    at_us.div_euclid(MINUTE_US)
}

fn key(name: i64, chunk: i64) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.array(2);
    writer.int(name);
    writer.int(chunk);
    writer.bytes
}

fn named(key: &[u8]) -> Option<(i64, i64)> {
    let mut reader = Reader::new(key);
    let named = (reader.array()? == 2).then_some((reader.int()?, reader.int()?))?;
    reader.ended().then_some(named)
}

fn stored(numbers: &[u64]) -> Vec<u8> {
    let mut value = Vec::with_capacity(1 + numbers.len() * NUMBER_BYTES);
    value.push(VERSION);
    value.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    value
}

fn row(value: &[u8]) -> Result<impl Iterator<Item = u64> + '_, Damage> {
    match value.split_first() {
        Some((&VERSION, numbers)) if numbers.len() % NUMBER_BYTES == 0 => Ok(numbers
            .chunks_exact(NUMBER_BYTES)
            .map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))),
        Some((&VERSION, _)) => Err(Damage::Value),
        other => Err(Damage::Format(other.map(|(&format, _)| format))),
    }
}

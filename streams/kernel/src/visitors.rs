//! What Python sees of the visitors of a task.

use crate::additions::Additions;
use crate::booking::{Booked, Booking};
use crate::changes::Changes;
use crate::chunk::{Chunk, Record};
use crate::decode::{decode_escaped, Click};
use crate::deltas::slice_deltas;
use crate::ids::{id_hash, SeenIds};
use crate::rolled_up::RolledUp;
use crate::rules::{Kinds, Rules};
use crate::seen::Ids;
use crate::settings::Settings;
use crate::sightings::MINUTE_US;
use crate::slices::{Given, Interned, Slices};
use crate::stored;
use crate::table::{Row, Table};
use crate::visitor::Visitor;
use hashbrown::HashMap;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use std::sync::Arc;

const MAX_AGENTS: usize = 20_000;
/// A longer one is asked about each time: 20,000 of 32 KiB would be 640 MB.
const MAX_AGENT_BYTES: usize = 1_024;

/// Limits of a step, us since 1970 UTC: see streams.measuring.stage.
#[derive(Clone, Copy)]
struct Clock {
    now_us: i64,
    latest_us: i64,
    earliest_us: i64,
    out_of_orderness_us: i64,
    at_us: Option<i64>,
    highest_us: Option<i64>,
    fixed_us: i64,
}

impl Clock {
    /// By the watermark as of this record: an event before it is late.
    fn late_us(&self, horizon_us: i64) -> i64 {
        let Some(highest_us) = self.highest_us else { return self.earliest_us };
        let at_us = highest_us.min(self.now_us) - self.out_of_orderness_us;
        self.at_us.map_or(at_us, |known| known.max(at_us)) - horizon_us
    }
}

type Received = (usize, (usize, usize, usize, usize), Vec<(i64, usize)>, Option<i64>);

/// What became of the records of a call.
#[derive(Default)]
struct Counts {
    counted: usize,
    duplicate: usize,
    late: usize,
    bot: usize,
}

/// What Python is asked, and remembered: the rules of channels, crawlers and dimensions are there.
struct Asked {
    is_crawler: PyObject,
    slices_of_click: PyObject,
    slices_of_stored: PyObject,
    agents: HashMap<Box<str>, bool>,
    fields: Vec<String>,
}

impl Asked {
    /// None: Python says so when it does the record.
    fn crawler(&mut self, agent: &str) -> Option<bool> {
        if let Some(&known) = self.agents.get(agent) {
            return Some(known);
        }
        let found = Python::with_gil(|py| self.is_crawler.call1(py, (agent,))?.extract(py)).ok()?;
        if self.agents.len() >= MAX_AGENTS {
            self.agents.clear();
        }
        if agent.len() <= MAX_AGENT_BYTES {
            self.agents.insert(agent.into(), found);
        }
        Some(found)
    }

    fn of_click(&self, interned: &mut Interned, click: &Click<'_>, raw: &[u8]) -> Option<Arc<Slices>> {
        let ask = || given(&self.slices_of_click, raw);
        interned.of_click(&self.key(click), ask)
    }

    /// The fields that decide about the slices of a click, told apart.
    fn key(&self, click: &Click<'_>) -> Vec<u8> {
        let mut key = Vec::with_capacity(96);
        let mut put = |field: Option<&str>| {
            if let Some(text) = field {
                key.push(1);
                key.extend_from_slice(text.as_bytes());
            }
            key.push(0); // in no text that is plain
        };
        [click.channel, click.device, click.country, click.utm_campaign].into_iter().for_each(&mut put);
        if click.channel.is_none_or(str::is_empty) {
            [click.utm_source, click.utm_medium, click.referrer, click.page_url].into_iter().for_each(&mut put);
        }
        self.fields.iter().for_each(|field| put(click.text(field)));
        key
    }
}

/// How many records came at a time; neighbours mostly share it.
fn arrivals(records: &[Record<'_>]) -> Vec<(i64, usize)> {
    records.chunk_by(|one, next| one.at_ms == next.at_ms).map(|its| (its[0].at_ms, its.len())).collect()
}

fn given(ask: &PyObject, bytes: &[u8]) -> Option<Given> {
    let answer = Python::with_gil(|py| ask.call1(py, (PyBytes::new(py, bytes),))?.extract(py));
    let (pairs, packed, weight): (Vec<(String, String)>, Vec<u8>, i64) = answer.ok()?;
    Some(Given { pairs, packed, weight })
}

/// Visitors by id with their sessions, what changed of them, and what their clicks added since the last commit.
#[pyclass(module = "kpi_kernel")]
pub struct Visitors {
    rules: Rules,
    kinds: Kinds,
    interned: Interned,
    additions: Additions,
    table: Table,
    asked: Asked,
}

#[pymethods]
impl Visitors {
    #[new]
    fn new(
        settings: &Bound<'_, PyDict>,
        is_crawler: PyObject,
        slices_of_click: PyObject,
        slices_of_stored: PyObject,
    ) -> PyResult<Self> {
        let Settings { rules, kinds, fields } = Settings::of(settings)?;
        let table = Table::new(rules.kept_us);
        let agents = HashMap::new();
        let asked = Asked { is_crawler, slices_of_click, slices_of_stored, agents, fields };
        Ok(Self { rules, kinds, interned: Interned::default(), additions: Additions::default(), table, asked })
    }

    /// Handle records from `start` on until one has to be done in Python: the index of that one, how many were
    /// counted, duplicate, late and bots, how many came at a broker's timestamp, the highest event time counted.
    #[allow(clippy::too_many_arguments)]
    fn receive(
        &mut self,
        py: Python<'_>,
        ids: &mut Ids,
        chunk: &Chunk,
        start: usize,
        limits_us: (i64, i64, i64, i64),
        at_us: Option<i64>,
        highest_us: Option<i64>,
        fixed_us: i64,
    ) -> Received {
        let (now_us, latest_us, earliest_us, out_of_orderness_us) = limits_us;
        let mut clock = Clock { now_us, latest_us, earliest_us, out_of_orderness_us, at_us, highest_us, fixed_us };
        let records = chunk.plain_from(py, start);
        let mut counts = Counts::default();
        let done = py.allow_threads(|| {
            let declined = |record: &Record<'_>| !self.admit(&mut ids.seen, &mut clock, &mut counts, record);
            records.iter().position(declined).unwrap_or(records.len())
        });
        let Counts { counted, duplicate, late, bot } = counts;
        (start + done, (counted, duplicate, late, bot), arrivals(&records[..done]), clock.highest_us)
    }

    /// What was added since the last call: clock, dimension, segment and cells of each slice, see models.delta.
    ///
    /// `needed`: measures by dimension; `ranges_of`: the windows of an addition; `clocks`: by measure.
    fn take_deltas<'py>(
        &mut self,
        py: Python<'py>,
        needed: &Bound<'py, PyDict>,
        ranges_of: &Bound<'py, PyAny>,
        clocks: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyList>> {
        let rolled_up = py.allow_threads(|| {
            let (additions, booked) = self.additions.take();
            RolledUp::of(&self.rules.names, &additions, &booked)
        });
        slice_deltas(py, &rolled_up, needed, ranges_of, clocks)
    }

    /// Bytes that a commit of the sums will take, roughly.
    #[getter]
    fn weight(&self) -> usize {
        self.additions.weight()
    }

    /// A row as its stored bytes, and whether it was changed since the last drain; it is lent then. None: there is
    /// none.
    fn lend<'py>(&mut self, py: Python<'py>, visitor_id: &str) -> Option<(Bound<'py, PyBytes>, bool)> {
        let (bytes, changed) = self.table.lend(visitor_id, &self.kinds)?;
        Some((PyBytes::new(py, &bytes), changed))
    }

    /// Python has made a row for a visitor that has none, of this time: it is lent.
    fn lend_new(&mut self, visitor_id: &str, last_us: i64) {
        self.table.insert(visitor_id, Row::Lent, last_us);
    }

    /// Take a lent row back as its stored bytes; whether it was lent.
    fn give_back(&mut self, visitor_id: &str, stored: &[u8]) -> bool {
        self.table.give_back(visitor_id, stored)
    }

    /// Take back changelog records (stored key, and value or None), oldest first, from `start` on until one cannot be
    /// read: the index of that one.
    fn restore(&mut self, changes: &Bound<'_, PyAny>, start: usize) -> PyResult<usize> {
        if let Ok(read) = changes.downcast::<Changes>() {
            return Ok(start + read.get().taken(changes.py(), start, |key, value| self.table.restore(key, value)));
        }
        for place in start..changes.len()? {
            let change = changes.get_item(place)?;
            let (key, value): (Bound<'_, PyBytes>, Option<Bound<'_, PyBytes>>) = change.extract()?;
            if !self.table.restore(key.as_bytes(), value.as_ref().map(PyBytesMethods::as_bytes)) {
                return Ok(place);
            }
        }
        changes.len()
    }

    /// Changelog records below the table's name, of rows that are not lent: stored keys, and values or None.
    fn drain<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let changes = py.allow_threads(|| self.table.drain(&self.kinds));
        PyList::new(
            py,
            changes.iter().map(|(key, value)| (PyBytes::new(py, key), value.map(|its| PyBytes::new(py, its)))),
        )
    }

    /// Delete rows whose time is past by the watermark, looking at no more than `looks`. Returns the ids of lent ones
    /// that came due: `judge` is to be asked about each.
    fn expire(&mut self, watermark_us: i64, looks: usize) -> Vec<String> {
        self.table.expire(watermark_us, looks).into_iter().map(String::from).collect()
    }

    /// Delete a lent row of this time if it is past by the watermark; whether it was.
    fn judge(&mut self, visitor_id: &str, last_us: i64, watermark_us: i64) -> bool {
        self.table.judge(visitor_id, last_us, watermark_us)
    }

    fn memory_bytes(&self) -> usize {
        self.table.memory_bytes()
    }

    fn __len__(&self) -> usize {
        self.table.len()
    }
}

impl Visitors {
    /// Whether a record has got its outcome here.
    fn admit(&mut self, seen: &mut SeenIds, clock: &mut Clock, counts: &mut Counts, record: &Record<'_>) -> bool {
        let mut room = Vec::new();
        let Some(click) = decode_escaped(record.value, &mut room) else { return false };
        let at_us = click.at_us;
        if record.key != click.visitor_id.as_bytes() || at_us < clock.earliest_us || at_us > clock.latest_us {
            return false;
        }
        let late_us = clock.late_us(self.rules.horizon_us);
        if at_us < late_us {
            counts.late += 1;
            return true;
        }
        let number = id_hash(click.event_id);
        if seen.seen(at_us, number) {
            counts.duplicate += 1;
            return true;
        }
        match self.book(&click, record.value, late_us, clock.fixed_us) {
            Booked::Declined => return false,
            Booked::Bot => counts.bot += 1,
            Booked::Counted => {
                seen.claim(at_us, number);
                clock.highest_us = clock.highest_us.max(Some(at_us));
                counts.counted += 1;
            }
        }
        true
    }

    fn book(&mut self, click: &Click<'_>, raw: &[u8], late_us: i64, fixed_us: i64) -> Booked {
        match click.user_agent.map(|agent| self.asked.crawler(agent)) {
            Some(Some(true)) => return Booked::Bot,
            Some(None) => return Booked::Declined,
            _ => {}
        }
        let known = self.table.find(click.visitor_id);
        if known.is_some_and(|place| !self.wake(place)) {
            return Booked::Declined;
        }
        let Self { rules, kinds, interned, additions, table, asked } = self;
        let mut booking = Booking { rules, kinds, interned, additions, late_us, fixed_us };
        let slices_of = |interned: &mut Interned| asked.of_click(interned, click, raw);
        let Some(place) = known else {
            let mut visitor = Box::new(Visitor::new(click.at_us, click.at_us.div_euclid(MINUTE_US)));
            let booked = booking.book(&mut visitor, click, slices_of);
            if booked == Booked::Counted {
                let place = table.insert(click.visitor_id, Row::Awake(visitor), click.at_us);
                table.touch(place);
            }
            return booked;
        };
        let Row::Awake(visitor) = table.row(place) else { return Booked::Declined };
        let booked = booking.book(visitor, click, slices_of);
        if booked == Booked::Counted {
            table.touch(place);
        }
        booked
    }

    /// Whether a row is awake now.
    fn wake(&mut self, place: u32) -> bool {
        let Self { kinds, interned, table, asked, .. } = self;
        let row = table.row(place);
        if let Row::Rested(bytes) = row {
            let slices_of = |packed: &[u8]| interned.of_stored(packed, || given(&asked.slices_of_stored, packed));
            if let Some(visitor) = stored::decode(bytes, kinds, slices_of) {
                *row = Row::Awake(Box::new(visitor));
            }
        }
        matches!(row, Row::Awake(_))
    }
}

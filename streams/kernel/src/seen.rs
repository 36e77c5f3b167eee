//! What Python sees of the ids of a task: streams.measuring.dedup.SeenIds.

use crate::ids::SeenIds;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

/// Ids seen within the horizon of an input partition.
#[pyclass(module = "kpi_kernel")]
#[derive(Default)]
pub struct Ids {
    pub seen: SeenIds,
}

#[pymethods]
impl Ids {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Remember the hash of an event's id (`ids::id_hash`) at its time, us since 1970 UTC; False if an event with this
    /// id and timestamp was counted before.
    fn claim(&mut self, at_us: i64, number: u64) -> bool {
        self.seen.claim(at_us, number)
    }

    /// Take back the last claim: the event is not counted after all.
    fn disclaim(&mut self, at_us: i64, number: u64) {
        self.seen.disclaim(at_us, number);
    }

    /// Pack minutes before `hot_from_us` and forget those before `from_us`.
    fn sweep(&mut self, hot_from_us: i64, from_us: i64) {
        self.seen.sweep(hot_from_us, from_us);
    }

    /// Changelog records below the table's name.
    fn drain<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let changes = py.allow_threads(|| self.seen.drain());
        PyList::new(
            py,
            changes.iter().map(|(key, value)| (PyBytes::new(py, key), value.as_ref().map(|its| PyBytes::new(py, its)))),
        )
    }

    /// Take back one changelog record; ValueError says what is wrong with it.
    #[pyo3(signature = (key, value))]
    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> PyResult<()> {
        self.seen.restore(key, value).map_err(|wrong| PyValueError::new_err(format!("{wrong:?}")))
    }

    fn memory_bytes(&self) -> usize {
        self.seen.memory_bytes()
    }

    fn __len__(&self) -> usize {
        self.seen.len()
    }
}

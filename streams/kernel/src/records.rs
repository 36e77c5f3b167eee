//! Records of a fetch, as a consumer hands them over: one buffer, and a place in it for each.

use crate::changes::by_table;
use crate::log::{bare, headers, heads, Entry, Head};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyList, PySlice};
use std::sync::Arc;

/// A record batch; what aiokafka tells of one.
#[pyclass(frozen, module = "kpi_kernel")]
pub struct RecordBatch {
    data: Py<PyBytes>,
    head: Head,
}

#[pymethods]
impl RecordBatch {
    #[getter]
    fn base_offset(&self) -> i64 {
        self.head.base_offset
    }

    #[getter]
    fn next_offset(&self) -> i64 {
        self.head.next_offset
    }

    #[getter]
    fn producer_id(&self) -> i64 {
        self.head.producer_id
    }

    #[getter]
    fn is_transactional(&self) -> bool {
        self.head.transactional()
    }

    #[getter]
    fn is_control_batch(&self) -> bool {
        self.head.control()
    }

    /// Whether this control batch ends its transaction without effect.
    #[getter]
    fn aborts(&self, py: Python<'_>) -> PyResult<bool> {
        self.head.aborts(self.data.as_bytes(py)).ok_or_else(damaged)
    }

    fn validate_crc(&self, py: Python<'_>) -> bool {
        let data = self.data.as_bytes(py);
        py.allow_threads(|| self.head.intact(data))
    }
}

/// The batches of a fetch; None: one is compressed, or of an older format.
#[pyfunction]
pub fn record_batches(data: &Bound<'_, PyBytes>) -> Option<Vec<RecordBatch>> {
    let found = heads(data.as_bytes())?.into_iter();
    Some(found.map(|head| RecordBatch { data: data.clone().unbind(), head }).collect())
}

/// One record; see models.stage.Incoming.
#[pyclass(frozen, module = "kpi_kernel")]
pub struct LogRecord {
    data: Py<PyBytes>,
    entry: Entry,
}

#[pymethods]
impl LogRecord {
    #[getter]
    fn offset(&self) -> i64 {
        self.entry.offset
    }

    #[getter]
    fn timestamp(&self) -> i64 {
        self.entry.at_ms
    }

    /// 0: of the producer, 1: of the broker.
    #[getter]
    fn timestamp_type(&self) -> u8 {
        self.entry.append_time.into()
    }

    #[getter]
    fn key<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.entry.key.of(self.data.as_bytes(py)).map(|key| PyBytes::new(py, key))
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.entry.value.of(self.data.as_bytes(py)).map(|value| PyBytes::new(py, value))
    }

    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let data = self.data.as_bytes(py);
        if bare(&self.entry, data) {
            return Ok(PyList::empty(py));
        }
        let its = headers(&self.entry, data).ok_or_else(damaged)?;
        PyList::new(py, its.into_iter().map(|(name, value)| (name, value.map(|value| PyBytes::new(py, value)))))
    }
}

/// Records in the order of their offsets; a sequence.
#[pyclass(frozen, module = "kpi_kernel")]
pub struct Records {
    data: Py<PyBytes>,
    entries: Arc<Vec<Entry>>,
    start: usize,
    end: usize,
}

#[pymethods]
impl Records {
    /// Those of some batches of one fetch, from an offset on.
    #[new]
    #[allow(clippy::needless_pass_by_value)] // how PyO3 gives a list
    fn new(py: Python<'_>, batches: Vec<PyRef<'_, RecordBatch>>, from_offset: i64) -> PyResult<Self> {
        let Some(first) = batches.first() else {
            let (data, entries) = (PyBytes::new(py, b"").unbind(), Arc::default());
            return Ok(Self { data, entries, start: 0, end: 0 });
        };
        let (data, mut entries) = (first.data.clone_ref(py), Vec::new());
        let (bytes, heads) = (data.as_bytes(py), batches.iter().map(|batch| batch.head.clone()).collect::<Vec<_>>());
        py.allow_threads(|| heads.iter().try_for_each(|head| head.read(bytes, from_offset, &mut entries)))
            .ok_or_else(damaged)?;
        let end = entries.len();
        Ok(Self { data, entries: Arc::new(entries), start: 0, end })
    }

    fn __len__(&self) -> usize {
        self.end - self.start
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let length = self.__len__() as isize;
        if let Ok(slice) = index.downcast::<PySlice>() {
            let its = slice.indices(length)?;
            if its.step != 1 {
                return Err(PyValueError::new_err("records are cut into parts without gaps"));
            }
            let (start, end) = (self.start + its.start as usize, self.start + its.stop.max(its.start) as usize);
            let part = Self { data: self.data.clone_ref(py), entries: self.entries.clone(), start, end };
            return Ok(Bound::new(py, part)?.into_any());
        }
        let index: isize = index.extract()?;
        let place = if index < 0 { index + length } else { index };
        if !(0..length).contains(&place) {
            return Err(PyIndexError::new_err("no such record"));
        }
        let entry = self.entries[self.start + place as usize];
        Ok(Bound::new(py, LogRecord { data: self.data.clone_ref(py), entry })?.into_any())
    }

    /// Of a changelog: the rows of each table that has some.
    fn by_table<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        by_table(py, &self.data, self.entries()).into_py_dict(py)
    }

    /// Bytes of each value.
    #[getter]
    fn value_sizes(&self, py: Python<'_>) -> Vec<usize> {
        let data = self.data.as_bytes(py);
        self.entries().iter().map(|entry| entry.value.of(data).map_or(0, <[u8]>::len)).collect()
    }
}

impl Records {
    pub fn entries(&self) -> &[Entry] {
        &self.entries[self.start..self.end]
    }

    pub fn data<'py>(&'py self, py: Python<'py>) -> &'py [u8] {
        self.data.as_bytes(py)
    }
}

fn damaged() -> PyErr {
    PyValueError::new_err("a record batch cannot be read")
}

//! Records of a changelog, told apart by their table.

use crate::log::{Entry, Span};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Between the name of a table and the key of a row.
const BAR: u8 = b'|';

type Places = (Span, Span);
type Pair<'py> = (Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>);

/// Changelog records of one table, below its name, oldest first: a sequence of models.table.Change.
#[pyclass(frozen, module = "kpi_kernel")]
pub struct Changes {
    data: Py<PyBytes>,
    places: Vec<Places>,
}

#[pymethods]
impl Changes {
    fn __len__(&self) -> usize {
        self.places.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Pair<'py>> {
        let Some(&(key, value)) = self.places.get(index) else { return Err(PyIndexError::new_err("no such change")) };
        let data = self.data.as_bytes(py);
        let key = PyBytes::new(py, key.of(data).unwrap_or_default());
        Ok((key, value.of(data).map(|value| PyBytes::new(py, value))))
    }
}

impl Changes {
    /// How many are taken, from `start` on, before the first that is not; at most as many as there are.
    pub fn taken(
        &self,
        py: Python<'_>,
        start: usize,
        mut take: impl FnMut(&[u8], Option<&[u8]>) -> bool + Send,
    ) -> usize {
        let (data, places) = (self.data.as_bytes(py), self.places.get(start..).unwrap_or_default());
        py.allow_threads(|| {
            let refused = |&(key, value): &Places| !take(key.of(data).unwrap_or_default(), value.of(data));
            places.iter().position(refused).unwrap_or(places.len())
        })
    }
}

/// By the name of the table, which is nothing where there is no key.
pub fn by_table<'py>(py: Python<'py>, data: &Py<PyBytes>, entries: &[Entry]) -> Vec<(Bound<'py, PyBytes>, Changes)> {
    let bytes = data.as_bytes(py);
    let mut found: Vec<(&[u8], Vec<Places>)> = Vec::new();
    for entry in entries {
        let (name, key) = entry.key.parted(bytes, BAR);
        let name = name.of(bytes).unwrap_or_default();
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, places)) => places.push((key, entry.value)),
            None => found.push((name, vec![(key, entry.value)])),
        }
    }
    let tables =
        found.into_iter().map(|(name, places)| (PyBytes::new(py, name), Changes { data: data.clone_ref(py), places }));
    tables.collect()
}

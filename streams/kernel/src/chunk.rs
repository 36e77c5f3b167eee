//! Records of one input partition, as the engine hands them to a step.

use hashbrown::HashMap;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// Key and value of each record; None of one that has headers (a heartbeat, perhaps) or lacks either.
#[pyclass(frozen, module = "kpi_kernel")]
pub struct Chunk {
    records: Vec<Option<(Py<PyBytes>, Py<PyBytes>)>>,
    arrivals: HashMap<i64, u32>,
}

#[pymethods]
impl Chunk {
    #[new]
    fn new(records: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = records.py();
        let mut its = Self { records: Vec::with_capacity(records.len()?), arrivals: HashMap::new() };
        for record in records.try_iter()? {
            let record = record?;
            its.records.push(plain(py, &record)?);
            *its.arrivals.entry(record.getattr(intern!(py, "timestamp"))?.extract()?).or_default() += 1;
        }
        Ok(its)
    }

    fn __len__(&self) -> usize {
        self.records.len()
    }

    /// Records by their broker timestamp (ms since 1970).
    #[getter]
    fn arrivals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (at_ms, count) in &self.arrivals {
            found.set_item(at_ms, count)?;
        }
        Ok(found)
    }
}

impl Chunk {
    /// Key and value of those from `start` on, up to the first that is not plain.
    pub fn plain_from<'py>(&'py self, py: Python<'py>, start: usize) -> Vec<(&'py [u8], &'py [u8])> {
        let records = self.records.get(start..).unwrap_or_default().iter();
        records.map_while(|record| record.as_ref().map(|(key, value)| (key.as_bytes(py), value.as_bytes(py)))).collect()
    }
}

fn plain(py: Python<'_>, record: &Bound<'_, PyAny>) -> PyResult<Option<(Py<PyBytes>, Py<PyBytes>)>> {
    if record.getattr(intern!(py, "headers"))?.is_truthy()? {
        return Ok(None);
    }
    let (key, value) = (record.getattr(intern!(py, "key"))?, record.getattr(intern!(py, "value"))?);
    Ok(key.downcast_into::<PyBytes>().ok().zip(value.downcast_into::<PyBytes>().ok()).map(|(k, v)| (k.unbind(), v.unbind())))
}

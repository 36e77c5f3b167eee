//! Records of one input partition, as the engine hands them to a step.

use crate::log::may_have;
use crate::records::Records;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The header of a heartbeat, see streams.measuring.heartbeat. Others a record may have: tracing gives it some.
const HEARTBEAT: &str = "kpi-heartbeat";

/// A record that has a key and a value and is no heartbeat.
struct Plain {
    key: Py<PyBytes>,
    value: Py<PyBytes>,
    at_ms: i64,
}

/// The same, to be read; `at_ms`: the broker's timestamp, since 1970.
pub struct Record<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub at_ms: i64,
}

/// Of a fetch as it came, or objects of anybody: then taken out of them once, None of one that is not plain.
enum Held {
    Fetched(Py<Records>),
    Objects(Vec<Option<Plain>>),
}

/// Records of a step. Not plain are a heartbeat and one without key or value.
#[pyclass(frozen, module = "kpi_kernel")]
pub struct Chunk {
    records: Held,
}

#[pymethods]
impl Chunk {
    #[new]
    fn new(records: &Bound<'_, PyAny>) -> PyResult<Self> {
        let records = match records.downcast::<Records>() {
            Ok(fetched) => Held::Fetched(fetched.clone().unbind()),
            Err(_) => Held::Objects(records.try_iter()?.map(|record| plain(&record?)).collect::<PyResult<_>>()?),
        };
        Ok(Self { records })
    }
}

impl Chunk {
    /// Those from `start` on, up to the first that is not plain.
    pub fn plain_from<'py>(&'py self, py: Python<'py>, start: usize) -> Vec<Record<'py>> {
        match &self.records {
            Held::Fetched(fetched) => {
                let (its, data) = (fetched.get().entries(), fetched.get().data(py));
                let read = its.get(start..).unwrap_or_default().iter().map_while(|entry| {
                    let (key, value) = (entry.key.of(data)?, entry.value.of(data)?);
                    (!may_have(entry, data, HEARTBEAT)).then_some(Record { key, value, at_ms: entry.at_ms })
                });
                read.collect()
            }
            Held::Objects(its) => {
                let its = its.get(start..).unwrap_or_default().iter().map_while(Option::as_ref);
                let read = |its: &'py Plain| Record {
                    key: its.key.as_bytes(py),
                    value: its.value.as_bytes(py),
                    at_ms: its.at_ms,
                };
                its.map(read).collect()
            }
        }
    }
}

fn plain(record: &Bound<'_, PyAny>) -> PyResult<Option<Plain>> {
    let py = record.py();
    let headers = record.getattr(intern!(py, "headers"))?;
    if headers.is_truthy()? && headers.try_iter()?.any(|its| its.is_ok_and(|its| names_heartbeat(&its))) {
        return Ok(None);
    }
    let key = record.getattr(intern!(py, "key"))?.downcast_into::<PyBytes>();
    let value = record.getattr(intern!(py, "value"))?.downcast_into::<PyBytes>();
    let (Ok(key), Ok(value)) = (key, value) else { return Ok(None) };
    let at_ms = record.getattr(intern!(py, "timestamp"))?.extract()?;
    Ok(Some(Plain { key: key.unbind(), value: value.unbind(), at_ms }))
}

fn names_heartbeat(header: &Bound<'_, PyAny>) -> bool {
    header.get_item(0).is_ok_and(|name| name.eq(HEARTBEAT).unwrap_or(true))
}

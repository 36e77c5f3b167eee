//! The hot path of clicks: what most of them do to ids, sessions and sums.
//!
//! The rules are those of `streams.measuring` and `models`, which do the rest: whatever is not plain here is declined,
//! before anything was changed, and done there. tests/kernel compares the two. Which module is which there: README.md.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

mod additions;
mod booking;
mod changes;
mod chunk;
mod decode;
mod deltas;
mod ids;
mod log;
mod msgpack;
mod rebooking;
mod records;
mod rolled_up;
mod rules;
mod seen;
mod session;
mod settings;
mod sightings;
mod slices;
mod stored;
mod table;
mod visitor;
mod visitors;

/// Event time (us since 1970 UTC) and the texts of a click in the order of `FIELD_NAMES`, or None where it is not
/// plain: for the comparison with models.click.
#[pyfunction]
fn decode_click<'py>(py: Python<'py>, raw: &[u8]) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let mut room = Vec::new();
    let Some(click) = decode::decode_escaped(raw, &mut room) else { return Ok(None) };
    let texts = decode::FIELD_NAMES.iter().map(|name| click.text(name).into_pyobject(py));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let fields = std::iter::once(click.at_us.into_pyobject(py)?.into_any()).chain(texts);
    PyTuple::new(py, fields.collect::<Vec<_>>()).map(Some)
}

#[pymodule]
fn kpi_kernel(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<changes::Changes>()?;
    module.add_class::<chunk::Chunk>()?;
    module.add_class::<records::LogRecord>()?;
    module.add_class::<records::RecordBatch>()?;
    module.add_class::<records::Records>()?;
    module.add_class::<seen::Ids>()?;
    module.add_class::<visitors::Visitors>()?;
    module.add_function(wrap_pyfunction!(records::record_batches, module)?)?;
    module.add_function(wrap_pyfunction!(decode_click, module)?)
}

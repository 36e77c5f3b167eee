//! The hot path of clicks: what most of them do to ids, sessions and sums.
//!
//! The rules are those of `streams.measuring` and `models`, which do the rest: whatever is not plain here is declined,
//! before anything was changed, and done there. tests/kernel compares the two.

use pyo3::prelude::*;

mod decode;
mod ids;

#[pymodule]
fn kpi_kernel(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

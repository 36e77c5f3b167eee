//! What a commit adds to the windows, slice by slice: the cells of models.delta, made as in streams.measuring.deltas.

use crate::rolled_up::RolledUp;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use std::collections::BTreeMap;

/// Numbers of a measure (in a clock), of a kind of window, and the range of windows that an addition counts in.
struct Counted {
    clock: usize,
    measure: usize,
    ranges: Vec<(usize, i64, i64)>,
}

/// By measure: what each window of a run gets more.
type Measured = Vec<(usize, i64)>;

/// Of one slice and clock: kind of window, first number, span, what each of them gets.
struct SliceCells {
    slice: usize,
    clock: usize,
    cells: Vec<(usize, i64, i64, Measured)>,
}

/// Texts by the order in which they came.
#[derive(Default)]
struct Names<'py>(Vec<Bound<'py, PyString>>);

impl<'py> Names<'py> {
    fn of(&mut self, name: Bound<'py, PyString>) -> PyResult<usize> {
        for (place, known) in self.0.iter().enumerate() {
            if known.is(&name) || known.as_any().eq(&name)? {
                return Ok(place);
            }
        }
        self.0.push(name);
        Ok(self.0.len() - 1)
    }
}

/// Clock, dimension, segment and cells of each slice. `needed`: measures by dimension; `ranges_of` an addition: name of
/// the window, first number, and the one after the last; `clocks`: by measure.
pub fn slice_deltas<'py>(
    py: Python<'py>,
    rolled_up: &RolledUp<'_>,
    needed: &Bound<'py, PyDict>,
    ranges_of: &Bound<'py, PyAny>,
    clocks: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyList>> {
    let (mut windows, mut measures, mut clock_names) = (Names::default(), Names::default(), Names::default());
    let mut counted = Vec::with_capacity(rolled_up.singles.len());
    for &(measure, minute, (before, after)) in &rolled_up.singles {
        let ranges: Vec<(Bound<'py, PyString>, i64, i64)> =
            ranges_of.call1(((measure, minute, before, after),))?.extract()?;
        let ranges = ranges.into_iter().map(|(name, first, stop)| Ok((windows.of(name)?, first, stop)));
        let name = PyString::intern(py, measure);
        let clock: Bound<'py, PyString> = clocks.as_any().get_item(&name)?.extract()?;
        let ranges = ranges.collect::<PyResult<_>>()?;
        counted.push(Counted { clock: clock_names.of(clock)?, measure: measures.of(name)?, ranges });
    }
    let wanted = wanted(rolled_up, needed, &measures)?;
    let found = py.allow_threads(|| cells(rolled_up, &counted, &wanted));
    let made = found.iter().map(|its| {
        let piece = &rolled_up.slices[its.slice];
        let cells = its.cells.iter().map(|(window, first, span, gets)| {
            let measured = PyDict::new(py);
            for &(measure, n) in gets {
                measured.set_item(&measures.0[measure], n)?;
            }
            (&windows.0[*window], first, span, measured).into_pyobject(py)
        });
        let cells = PyList::new(py, cells.collect::<PyResult<Vec<Bound<'py, PyTuple>>>>()?)?;
        (&clock_names.0[its.clock], &*piece.dimension, &*piece.segment, cells).into_pyobject(py)
    });
    PyList::new(py, made.collect::<PyResult<Vec<Bound<'py, PyTuple>>>>()?)
}

/// By slice, which measures are needed in it.
fn wanted(rolled_up: &RolledUp<'_>, needed: &Bound<'_, PyDict>, measures: &Names<'_>) -> PyResult<Vec<Vec<bool>>> {
    let mut known: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    let slices = rolled_up.slices.iter().map(|piece| {
        let dimension = &*piece.dimension;
        if let Some(found) = known.get(dimension) {
            return Ok(found.clone());
        }
        let its = needed.get_item(dimension)?;
        let is_needed = |name: &Bound<'_, PyString>| its.as_ref().map_or(Ok(false), |its| its.contains(name));
        let found: Vec<bool> = measures.0.iter().map(is_needed).collect::<PyResult<_>>()?;
        known.insert(dimension, found.clone());
        Ok(found)
    });
    slices.collect()
}

fn cells(rolled_up: &RolledUp<'_>, counted: &[Counted], wanted: &[Vec<bool>]) -> Vec<SliceCells> {
    let mut found = Vec::new();
    for its in rolled_up.sums.chunk_by(|one, next| one.0 == next.0) {
        let slice = its[0].0;
        // by clock and window: what it and every later window of the kind gets more than the one before
        let mut differences: BTreeMap<usize, BTreeMap<(usize, i64), Measured>> = BTreeMap::new();
        for &(_, single, n) in its {
            let Counted { clock, measure, ranges } = &counted[single];
            if !wanted[slice][*measure] {
                continue;
            }
            let of_clock = differences.entry(*clock).or_default();
            for &(window, first, stop) in ranges {
                add(of_clock.entry((window, first)).or_default(), *measure, n);
                add(of_clock.entry((window, stop)).or_default(), *measure, -n);
            }
        }
        for (clock, differences) in differences {
            let cells = runs(&differences);
            if !cells.is_empty() {
                found.push(SliceCells { slice, clock, cells });
            }
        }
    }
    found
}

/// Differences summed up, by window: a run ends where something changes, and is left out where all is 0.
fn runs(differences: &BTreeMap<(usize, i64), Measured>) -> Vec<(usize, i64, i64, Measured)> {
    let mut cells = Vec::new();
    let mut running = Measured::new();
    let mut following = differences.keys().skip(1);
    for (&(window, number), more) in differences {
        for &(measure, n) in more {
            add(&mut running, measure, n);
        }
        running.retain(|&(_, n)| n != 0);
        let end = following.next().map_or(number, |&(_, end)| end);
        if !running.is_empty() {
            cells.push((window, number, end - number, running.clone()));
        }
    }
    cells
}

fn add(measured: &mut Measured, measure: usize, n: i64) {
    match measured.iter_mut().find(|(known, _)| *known == measure) {
        Some((_, sum)) => *sum += n,
        None => measured.push((measure, n)),
    }
}

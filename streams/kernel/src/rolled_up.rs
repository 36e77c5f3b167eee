//! The sums of a commit as Python has them: by slice, of additions with the name of one measure.

use crate::additions::{Addition, Sums};
use crate::rules::Name;
use crate::sightings::Neighbours;
use crate::slices::Piece;
use hashbrown::HashMap;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

/// Joins the names of measures that are added to together.
const TOGETHER: char = '+';
const PAGE_VIEWS: &str = "page_views";
const TIME_ON_SITE: &str = "time_on_site";

/// Additions of one measure, by their place; those of a code, or of events of a minute, are several.
#[derive(Default)]
struct Singles<'a> {
    places: HashMap<(&'a str, i64, Neighbours), usize>,
    all: Vec<(&'a str, i64, Neighbours)>,
}

impl<'a> Singles<'a> {
    fn place(&mut self, measure: &'a str, minute: i64, near: Neighbours) -> usize {
        let addition = (measure, minute, near);
        *self.places.entry(addition).or_insert_with(|| {
            self.all.push(addition);
            self.all.len() - 1
        })
    }
}

/// `needed`: measures by dimension. Sums that are 0 are left out.
pub fn by_slice<'py>(
    py: Python<'py>,
    names: &[Box<str>],
    additions: &[Addition],
    by_piece: &[(Arc<Piece>, Sums)],
    needed: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut singles = Singles::default();
    let of_code: Vec<Vec<usize>> = additions
        .iter()
        .map(|its| measures(names, its.name).map(|name| singles.place(name, its.minute, its.near)).collect())
        .collect();
    let events: Vec<i64> = by_piece.iter().flat_map(|(_, sums)| sums.events.keys().copied()).collect();
    let of_minute: HashMap<i64, [usize; 2]> = events
        .into_iter()
        .map(|minute| (minute, [PAGE_VIEWS, TIME_ON_SITE].map(|name| singles.place(name, minute, (None, None)))))
        .collect();
    let keys: Vec<Bound<'py, PyTuple>> = singles
        .all
        .iter()
        .map(|&(measure, minute, (before, after))| (measure, minute, before, after).into_pyobject(py))
        .collect::<PyResult<_>>()?;
    let found = PyDict::new(py);
    let mut wanted: HashMap<&str, Vec<bool>> = HashMap::new();
    for (piece, sums) in by_piece {
        let dimension = &*piece.dimension;
        if !wanted.contains_key(dimension) {
            let measures = needed.get_item(dimension)?;
            let is_needed = |measure: &str| measures.as_ref().map_or(Ok(false), |its| its.contains(measure));
            wanted.insert(dimension, singles.all.iter().map(|single| is_needed(single.0)).collect::<PyResult<_>>()?);
        }
        let mut totals = vec![0; keys.len()];
        for (&code, &n) in &sums.additions {
            of_code[code as usize].iter().for_each(|&place| totals[place] += n);
        }
        for (minute, its) in &sums.events {
            let [views, time] = of_minute[minute];
            totals[views] += its.views;
            totals[time] += its.gaps_us;
        }
        let slice = (dimension, &*piece.segment).into_pyobject(py)?;
        let its = PyDict::new(py);
        for ((&n, key), &needed) in totals.iter().zip(&keys).zip(&wanted[dimension]) {
            if n != 0 && needed {
                its.set_item(key, n)?;
            }
        }
        found.set_item(slice, its)?;
    }
    Ok(found)
}

fn measures(names: &[Box<str>], name: Name) -> impl Iterator<Item = &str> {
    names[usize::from(name)].split(TOGETHER)
}

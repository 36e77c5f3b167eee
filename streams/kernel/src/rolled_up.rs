//! The sums of a commit by slice, of additions with the name of one measure each.

use crate::additions::{Addition, Sums};
use crate::rules::Name;
use crate::sightings::Neighbours;
use crate::slices::{Piece, Slices};
use hashbrown::HashMap;
use std::sync::Arc;

/// Joins the names of measures that are added to together.
const TOGETHER: char = '+';
const PAGE_VIEWS: &str = "page_views";
const TIME_ON_SITE: &str = "time_on_site";
/// Sums of all additions in all slices that are kept as a table; of more only those that are not 0.
const MOST_DENSE: usize = 1 << 20;

type Booked = [(Arc<Slices>, Sums)];
/// Measure, minute and its neighbours.
pub type Single<'a> = (&'a str, i64, Neighbours);

/// By slice and addition, numbered.
enum Totals {
    Dense { width: usize, sums: Vec<i64> },
    Sparse(HashMap<(usize, usize), i64>),
}

impl Totals {
    fn new(slices: usize, additions: usize) -> Self {
        if slices * additions <= MOST_DENSE {
            Self::Dense { width: additions, sums: vec![0; slices * additions] }
        } else {
            Self::Sparse(HashMap::new())
        }
    }

    fn add(&mut self, slice: usize, its: &[(usize, i64)]) {
        match self {
            Self::Dense { width, sums } => {
                for &(addition, n) in its {
                    sums[slice * *width + addition] += n;
                }
            }
            Self::Sparse(sums) => {
                for &(addition, n) in its {
                    *sums.entry((slice, addition)).or_default() += n;
                }
            }
        }
    }

    /// Slice, addition and sum of those that are not 0, slice by slice.
    fn into_some(self) -> Vec<(usize, usize, i64)> {
        match self {
            Self::Dense { width, sums } => {
                let all = sums.into_iter().enumerate().filter(|&(_, n)| n != 0);
                all.map(|(place, n)| (place / width, place % width, n)).collect()
            }
            Self::Sparse(sums) => {
                let some = sums.into_iter().filter(|&(_, n)| n != 0);
                let mut found: Vec<_> = some.map(|((slice, addition), n)| (slice, addition, n)).collect();
                found.sort_unstable();
                found
            }
        }
    }
}

/// What was booked, by slice: `slices` and `singles` are what the numbers of `sums` mean.
pub struct RolledUp<'a> {
    pub slices: Vec<Arc<Piece>>,
    pub singles: Vec<Single<'a>>,
    /// Slice, addition and sum, slice by slice.
    pub sums: Vec<(usize, usize, i64)>,
}

impl<'a> RolledUp<'a> {
    pub fn of(names: &'a [Box<str>], additions: &[Addition], booked: &Booked) -> Self {
        let (mut singles, mut pieces) = (Numbered::default(), Pieces::default());
        let of_code: Vec<Vec<usize>> = additions
            .iter()
            .map(|its| measures(names, its.name).map(|name| singles.of((name, its.minute, its.near))).collect())
            .collect();
        let entries: Vec<_> =
            booked.iter().map(|(slices, sums)| (pieces.of(slices), parts(&mut singles, &of_code, sums))).collect();
        let mut totals = Totals::new(pieces.all.len(), singles.all.len());
        for (slices, its) in &entries {
            for &slice in slices {
                totals.add(slice, its);
            }
        }
        Self { slices: pieces.all, singles: singles.all, sums: totals.into_some() }
    }
}

/// Additions of one measure by their number; those of a code, or of the events of a minute, are several.
#[derive(Default)]
struct Numbered<'a> {
    numbers: HashMap<Single<'a>, usize>,
    all: Vec<Single<'a>>,
}

impl<'a> Numbered<'a> {
    fn of(&mut self, single: Single<'a>) -> usize {
        *self.numbers.entry(single).or_insert_with(|| {
            self.all.push(single);
            self.all.len() - 1
        })
    }
}

/// Slices by their number here: one that was forgotten and made anew has two of its own.
#[derive(Default)]
struct Pieces {
    numbers: HashMap<u32, usize>,
    texts: HashMap<(Box<str>, Box<str>), usize>,
    all: Vec<Arc<Piece>>,
}

impl Pieces {
    fn of(&mut self, slices: &Slices) -> Vec<usize> {
        slices.pieces.iter().map(|piece| self.number(piece)).collect()
    }

    fn number(&mut self, piece: &Arc<Piece>) -> usize {
        if let Some(&known) = self.numbers.get(&piece.number) {
            return known;
        }
        let number = *self.texts.entry((piece.dimension.clone(), piece.segment.clone())).or_insert_with(|| {
            self.all.push(piece.clone());
            self.all.len() - 1
        });
        self.numbers.insert(piece.number, number);
        number
    }
}

/// What was booked for some slices, by the numbers of additions; one may come twice.
fn parts(singles: &mut Numbered<'_>, of_code: &[Vec<usize>], sums: &Sums) -> Vec<(usize, i64)> {
    let mut found: Vec<(usize, i64)> = Vec::with_capacity(2 * (sums.additions.len() + sums.events.len()));
    for (&code, &n) in &sums.additions {
        found.extend(of_code[code as usize].iter().map(|&single| (single, n)));
    }
    for its in &sums.events {
        found.push((singles.of((PAGE_VIEWS, its.minute, (None, None))), its.views));
        found.push((singles.of((TIME_ON_SITE, its.minute, (None, None))), its.gaps_us));
    }
    found
}

fn measures(names: &[Box<str>], name: Name) -> impl Iterator<Item = &str> {
    names[usize::from(name)].split(TOGETHER)
}

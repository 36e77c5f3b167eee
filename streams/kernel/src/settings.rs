//! What Python tells the kernel when it makes a table of visitors.

use crate::rules::{Kinds, Name, Rules, StepRules};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A StepMeasures of Python: a kind, what is counted of it alone, with one of others as well, with both; and whether it
/// is a conversion.
type Step = (String, Vec<String>, Vec<(String, Vec<String>)>, Vec<(String, String)>, bool);

/// What `KernelBooking` of streams.measuring.kernel gives. `fields`: those of a click that decide about its slices
/// beside the usual ones.
pub struct Settings {
    pub rules: Rules,
    pub kinds: Kinds,
    pub fields: Vec<String>,
}

impl Settings {
    /// Of a dict of which all is to be known here: a kernel that is older than its Python code must not count.
    ///
    /// ValueError or TypeError: something is missing, unknown or of another type, a mistake of the caller's.
    pub fn of(given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let given = &given.copy()?;
        let (mut names, mut kinds) = (Names::default(), Kinds::default());
        let steps: Vec<Step> = item(given, "steps")?;
        for (kind, ..) in &steps {
            kinds.of(kind);
        }
        let [only_active, engaged]: [[String; 2]; 2] = item(given, "seen")?;
        let mut numbered =
            |[with_others, alone]: &[String; 2]| PyResult::Ok([names.of(with_others)?, names.of(alone)?]);
        let seen = [numbered(&only_active)?, numbered(&engaged)?];
        let visitors: Option<String> = item(given, "visitors")?;
        let engaged: Option<String> = item(given, "engaged")?;
        let converting: Option<String> = item(given, "converting")?;
        let rules = Rules {
            steps: steps.into_iter().map(|step| step_rules(step, &mut names, &kinds)).collect::<PyResult<_>>()?,
            seen,
            sessions: names.of(&item::<String>(given, "sessions")?)?,
            visitors: visitors.map(|name| names.of(&name)).transpose()?,
            engaged: engaged.map(|name| names.of(&name)).transpose()?,
            converting: converting.map(|name| names.of(&name)).transpose()?,
            counts_events: item(given, "counts_events")?,
            limit: item(given, "limit")?,
            retention_us: item(given, "retention_us")?,
            gap_us: item(given, "gap_us")?,
            thaw_us: item(given, "thaw_us")?,
            horizon_us: item(given, "horizon_us")?,
            kept_us: item(given, "kept_us")?,
            keep_counts: item(given, "keep_counts")?,
            keep_minutes: item(given, "keep_minutes")?,
            names: names.0,
        };
        let fields = item(given, "fields")?;
        if given.is_empty() {
            Ok(Self { rules, kinds, fields })
        } else {
            let unknown = given.keys();
            Err(PyValueError::new_err(format!("the kernel does not know {unknown}: build it anew with make setup")))
        }
    }
}

/// Measures by the order in which they are asked for.
#[derive(Default)]
struct Names(Vec<Box<str>>);

impl Names {
    fn of(&mut self, name: &str) -> PyResult<Name> {
        let place = self.0.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.0.push(name.into());
            self.0.len() - 1
        });
        Name::try_from(place).map_err(|_| PyValueError::new_err("more measures than a byte can number"))
    }
}

fn step_rules(step: Step, names: &mut Names, kinds: &Kinds) -> PyResult<StepRules> {
    let (_, alone, either, both, conversion) = step;
    let kind_of = |name: &str| kinds.known(name).ok_or_else(|| PyValueError::new_err(format!("no step {name}")));
    Ok(StepRules {
        alone: alone.iter().map(|name| names.of(name)).collect::<PyResult<_>>()?,
        either: either
            .iter()
            .map(|(name, others)| {
                Ok((names.of(name)?, others.iter().map(|its| kind_of(its)).collect::<PyResult<_>>()?))
            })
            .collect::<PyResult<_>>()?,
        both: both.iter().map(|(name, other)| Ok((names.of(name)?, kind_of(other)?))).collect::<PyResult<_>>()?,
        conversion,
    })
}

/// Takes it out.
fn item<'py, T: FromPyObject<'py>>(given: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
    let found = given.get_item(name)?.ok_or_else(|| {
        PyValueError::new_err(format!("the kernel wants {name}, which it is not given: build it anew with make setup"))
    })?;
    given.del_item(name)?;
    found.extract()
}

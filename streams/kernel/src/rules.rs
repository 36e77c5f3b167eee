//! Which measures of sessions the KPIs need, and what makes a session: as SessionMeasures and SessionRules say it.

use hashbrown::HashMap;

/// A measure, or several that are added to together, by its number in `Rules::names`.
pub type Name = u8;

/// Event types by number: those of steps first, in the order of `Rules::steps`, then others that stored rows have.
#[derive(Default)]
pub struct Kinds {
    names: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u16>,
}

impl Kinds {
    pub fn name(&self, kind: u16) -> &str {
        &self.names[usize::from(kind)]
    }

    pub fn known(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The number of a type, a new one perhaps; None: there are too many.
    pub fn of(&mut self, name: &str) -> Option<u16> {
        if let Some(known) = self.known(name) {
            return Some(known);
        }
        let kind = u16::try_from(self.names.len()).ok()?;
        self.names.push(name.into());
        self.numbers.insert(name.into(), kind);
        Some(kind)
    }
}

/// What is counted of sessions with an event of a type: alone; with one of others as well; with both. Event types by
/// their number in `Kinds`; a pair of `both` is with each of its two types.
pub struct StepRules {
    pub alone: Vec<Name>,
    pub either: Vec<(Name, Vec<u16>)>,
    pub both: Vec<(Name, u16)>,
    pub conversion: bool,
}

/// See SessionRules, ClickBooking and SessionBooking, which have the reasons. A measure that is None is not needed.
pub struct Rules {
    /// Measures by their number, `Name`.
    pub names: Vec<Box<str>>,
    /// By the number of the event type.
    pub steps: Vec<StepRules>,
    /// What an active session adds to, by whether it is engaged and whether it is the only one of its visitor.
    pub seen: [[Name; 2]; 2],
    pub sessions: Name,
    pub visitors: Option<Name>,
    pub engaged: Option<Name>,
    pub converting: Option<Name>,
    /// Whether page views or time on site are needed.
    pub counts_events: bool,
    /// Clicks of one visitor in a minute; more are a bot's.
    pub limit: u16,
    /// A session id that comes longer than this after its session's last event begins another session.
    pub retention_us: i64,
    /// So long without an event ends a made session.
    pub gap_us: i64,
    /// From what is late to what is frozen.
    pub thaw_us: i64,
    /// From what is late to the watermark.
    pub horizon_us: i64,
    /// Visitors and sessions are stored so long after their last event.
    pub kept_us: i64,
    /// Minutes whose clicks a visitor remembers.
    pub keep_counts: i64,
    /// Minutes that sightings of a session remember, see `Sightings::add`.
    pub keep_minutes: i64,
}

impl Rules {
    /// What is counted of a kind; None: nothing, and a session does not remember it.
    pub fn counted(&self, kind: u16) -> Option<&StepRules> {
        let step = self.steps.get(usize::from(kind))?;
        let counts = !(step.alone.is_empty() && step.either.is_empty() && step.both.is_empty());
        counts.then_some(step)
    }
}

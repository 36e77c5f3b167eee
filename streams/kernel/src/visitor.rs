//! A visitor, as models.visitor has it: the sessions of the last day, and how many clicks came of each minute.

use crate::session::Session;

/// Bytes of the sessions of a visitor, about, above which it gets no more: what it stores has to fit a record.
pub const MAX_WEIGHT: i64 = 600_000;

/// `last_us`: the latest event or joined order (event time, us since 1970 UTC); never goes back. `counts`: clicks of
/// `minute` (since 1970) first, then of the minutes before it. `joined`: orders of the sessions. `weight`: their bytes.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub last_us: i64,
    pub minute: i64,
    pub counts: Vec<u16>,
    pub sessions: Vec<Session>,
    pub joined: i64,
    pub weight: i64,
}

impl Visitor {
    pub fn new(at_us: i64, minute: i64) -> Self {
        Self { last_us: at_us, minute, counts: Vec::new(), sessions: Vec::new(), joined: 0, weight: 0 }
    }

    /// Clicks counted of a minute.
    pub fn counted(&self, minute: i64) -> u16 {
        let ago = usize::try_from(self.minute - minute).unwrap_or(usize::MAX);
        self.counts.get(ago).copied().unwrap_or(0)
    }

    /// One more click; minutes `keep` or more before the last one are forgotten.
    pub fn count(&mut self, minute: i64, keep: i64) {
        let ahead = minute - self.minute;
        if ahead > 0 {
            if ahead < keep {
                self.counts.splice(..0, std::iter::repeat_n(0, ahead as usize));
                self.counts.truncate(keep as usize);
            } else {
                self.counts.clear();
            }
            self.minute = minute;
        }
        let ago = (-ahead).max(0) as usize;
        if self.counts.len() <= ago {
            self.counts.resize(ago + 1, 0);
        }
        self.counts[ago] += 1;
    }

    /// The latest session of a name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.sessions.iter().rposition(|session| &*session.name == name)
    }

    /// The made sessions an event without an id belongs to: one that began before it, and one that began after.
    pub fn made_around(&self, at_us: i64, gap_us: i64) -> (Option<usize>, Option<usize>) {
        let (mut earlier, mut later): (Option<usize>, Option<usize>) = (None, None);
        for (place, session) in self.sessions.iter().enumerate().filter(|(_, session)| session.made()) {
            if session.first_us <= at_us && at_us < session.last_us + gap_us {
                if earlier.is_none_or(|known| session.first_us > self.sessions[known].first_us) {
                    earlier = Some(place);
                }
            } else if at_us < session.first_us
                && session.first_us < at_us + gap_us
                && later.is_none_or(|known| session.first_us < self.sessions[known].first_us)
            {
                later = Some(place);
            }
        }
        (earlier, later)
    }

    /// One more session; those that were kept up to a time before `kept_from_us` go.
    pub fn open(&mut self, session: Session, kept_from_us: i64) {
        let before = self.sessions.len();
        self.sessions.retain(|one| one.kept_from_us() >= kept_from_us);
        if self.sessions.len() < before {
            self.joined = self.sessions.iter().map(|one| one.orders.len() as i64).sum();
            self.weigh();
        }
        self.weight += session.weight();
        self.sessions.reserve_exact(1); // most visitors have one
        self.sessions.push(session);
    }

    /// Estimate anew what the sessions take.
    pub fn weigh(&mut self) {
        self.weight = self.sessions.iter().map(Session::weight).sum();
    }

    /// Bytes of memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + 2 * self.counts.capacity()
            + (self.sessions.capacity() - self.sessions.len()) * size_of::<Session>()
            + self.sessions.iter().map(Session::memory_bytes).sum::<usize>()
    }
}

//! What stands in the way right now, for the console and the health page. Ids, keys and reasons; never patient data.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// More than these are not kept: the oldest goes.
const MOST: usize = 500;

/// Something that stands in the way of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it is about, for example `segment breast-cancer-screening-due`.
    pub object: String,
    /// What is wrong, and what to do about it.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was last met.
    pub last_at: Timestamp,
    /// How many times it was met.
    pub times: u64,
}

/// All that stands in the way. Kept in memory: what still is in the way after a restart is met again.
#[derive(Debug, Default)]
pub struct Problems {
    by_object: Mutex<BTreeMap<String, Problem>>,
}

impl Problems {
    /// Notes a problem of the object, in place of an earlier one.
    pub fn note(&self, object: impl Into<String>, reason: impl Into<String>, now: Timestamp) {
        let (object, reason) = (object.into(), reason.into());
        let mut by_object = self.by_object.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = by_object.get_mut(&object) {
            known.times = known.times.saturating_add(1);
            known.last_at = now;
            known.reason = reason;
            return;
        }
        if by_object.len() >= MOST {
            let oldest = by_object.values().min_by_key(|problem| problem.last_at).map(|problem| problem.object.clone());
            if let Some(oldest) = oldest {
                by_object.remove(&oldest);
            }
        }
        tracing::warn!(object, reason, "Something stands in the way of outreach");
        by_object.insert(object.clone(), Problem { object, reason, since: now, last_at: now, times: 1 });
    }

    /// The object is fine again.
    pub fn clear(&self, object: &str) {
        let gone = self.by_object.lock().unwrap_or_else(PoisonError::into_inner).remove(object);
        if gone.is_some() {
            tracing::info!(object, "A problem of outreach is gone");
        }
    }

    /// All problems by object.
    pub fn list(&self) -> Vec<Problem> {
        self.by_object.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_met_again_is_counted_and_one_that_is_gone_is_gone() {
        let problems = Problems::default();
        problems.note("segment a", "no value set", Timestamp::UNIX_EPOCH);
        problems.note("segment a", "no value set", Timestamp::from_second(5).unwrap());
        let all = problems.list();
        assert_eq!((all.len(), all[0].times, all[0].since), (1, 2, Timestamp::UNIX_EPOCH));
        problems.clear("segment a");
        assert!(problems.list().is_empty());
    }

    #[test]
    fn only_so_many_problems_are_kept() {
        let problems = Problems::default();
        for number in 0..(MOST as i64 + 10) {
            problems.note(format!("run {number}"), "stuck", Timestamp::from_second(number).unwrap());
        }
        assert_eq!(problems.list().len(), MOST);
        assert!(!problems.list().iter().any(|problem| problem.object == "run 0"));
    }
}

//! Three-valued truth, and until which day it certainly stands.

use outreach_plugin_sdk::day::Day;

/// True, false, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    False,
    Unknown,
    True,
}

impl Truth {
    pub(crate) const fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

/// A truth, and the first day on which the passing of time alone can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) truth: Truth,
    pub(crate) until: Day,
}

impl Outcome {
    /// A truth that time does not change.
    pub(crate) const fn fixed(truth: Truth) -> Self {
        Self { truth, until: Day::NEVER }
    }

    pub(crate) const fn negated(self) -> Self {
        let truth = match self.truth {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        };
        Self { truth, until: self.until }
    }

    /// All of them. While one that is false stays false, the whole stays false, whatever the others do.
    pub(crate) fn all(parts: impl Iterator<Item = Self>) -> Self {
        Self::decided_by(Truth::False, Truth::True, parts)
    }

    /// Any of them.
    pub(crate) fn any(parts: impl Iterator<Item = Self>) -> Self {
        Self::decided_by(Truth::True, Truth::False, parts)
    }

    /// One part with the `deciding` truth decides; without any the whole is `neutral`, or unknown if a part is.
    fn decided_by(deciding: Truth, neutral: Truth, parts: impl Iterator<Item = Self>) -> Self {
        let mut decided: Option<Day> = None;
        let mut earliest = Day::NEVER;
        let mut truth = neutral;
        for part in parts {
            earliest = earliest.min(part.until);
            if part.truth == deciding {
                decided = decided.max(Some(part.until));
            } else if part.truth == Truth::Unknown {
                truth = Truth::Unknown;
            }
        }
        match decided {
            Some(until) => Self { truth: deciding, until },
            None => Self { truth, until: earliest },
        }
    }
}

//! Three-valued truth (Kleene), and until which day it certainly stands.

use outreach_plugin_sdk::day::Day;

/// True, false, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Certainly not.
    False,
    /// Nobody can say.
    Unknown,
    /// Certainly.
    True,
}

impl Truth {
    /// A truth that is known.
    pub const fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }

    /// True only where both are.
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// The opposite; what is unknown stays so.
    pub const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// A truth, and the first day on which the passing of time alone can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The truth.
    pub truth: Truth,
    /// The first day on which it may be another.
    pub until: Day,
}

impl Outcome {
    /// A truth that time does not change.
    pub const fn fixed(truth: Truth) -> Self {
        Self { truth, until: Day::NEVER }
    }

    /// The opposite.
    pub const fn negated(self) -> Self {
        Self { truth: self.truth.not(), until: self.until }
    }

    /// Both. While one that is false stays false, the whole stays false, whatever the other does.
    pub fn and(self, other: Self) -> Self {
        let until = match (self.truth, other.truth) {
            (Truth::False, Truth::False) => self.until.max(other.until),
            (Truth::False, _) => self.until,
            (_, Truth::False) => other.until,
            _ => self.until.min(other.until),
        };
        Self { truth: self.truth.and(other.truth), until }
    }

    /// Either.
    pub fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn until(truth: Truth, day: i32) -> Outcome {
        Outcome { truth, until: Day(day) }
    }

    #[test]
    fn what_decides_alone_decides_for_how_long() {
        let (yes, no, maybe) = (until(Truth::True, 5), until(Truth::False, 9), until(Truth::Unknown, 2));
        assert_eq!(yes.and(no), no, "however soon the other changes");
        assert_eq!(no.and(until(Truth::False, 3)), no, "one that is false is enough");
        assert_eq!(yes.and(maybe), maybe);
        assert_eq!(yes.or(maybe), yes);
        assert_eq!(no.or(maybe), until(Truth::Unknown, 2));
        assert_eq!(no.or(yes), yes);
    }
}

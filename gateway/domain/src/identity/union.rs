//! Sets that grow together.

/// Numbers from 0, each in a set of its own at first.
pub(super) struct Sets {
    /// Which set a number is in.
    set_of: Vec<usize>,
    /// The numbers of each set, in order; empty where the set went up in another.
    members: Vec<Vec<usize>>,
}

impl Sets {
    pub(super) fn new(count: usize) -> Self {
        Self { set_of: (0..count).collect(), members: (0..count).map(|number| vec![number]).collect() }
    }

    fn set(&self, number: usize) -> Option<usize> {
        self.set_of.get(number).copied()
    }

    pub(super) fn are_joined(&self, one: usize, other: usize) -> bool {
        self.set(one) == self.set(other)
    }

    /// All that are in the set of this one, in order.
    pub(super) fn members(&self, number: usize) -> Vec<usize> {
        self.set(number).and_then(|set| self.members.get(set)).cloned().unwrap_or_default()
    }

    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (Some(one), Some(other)) = (self.set(one), self.set(other)) else { return };
        if one == other {
            return;
        }
        let (into, from) = (one.min(other), one.max(other));
        let moved = self.members.get_mut(from).map(std::mem::take).unwrap_or_default();
        for number in &moved {
            if let Some(set) = self.set_of.get_mut(*number) {
                *set = into;
            }
        }
        if let Some(members) = self.members.get_mut(into) {
            members.extend(moved);
            members.sort_unstable();
        }
    }

    /// The sets, by their lowest number.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        self.members.iter().filter(|members| !members.is_empty()).cloned().collect()
    }
}

//! What was applied a moment ago, by its content: the overlap of two searches brings it again, and it need not cost a transaction.

use std::collections::HashMap;

use gateway_domain::resource::{ContentHash, ResourceKey};

/// A bounded memory of what was just applied. It only ever saves work: the store compares for itself.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    most: usize,
    /// `None` stands for a deletion.
    known: HashMap<ResourceKey, Option<ContentHash>>,
}

impl Recent {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, known: HashMap::new() }
    }

    /// Whether the model has it like this already.
    pub(crate) fn has(&self, key: ResourceKey, content: Option<ContentHash>) -> bool {
        self.known.get(&key) == Some(&content)
    }

    /// The model has it like this now.
    pub(crate) fn note(&mut self, key: ResourceKey, content: Option<ContentHash>) {
        if self.known.len() >= self.most {
            self.known.clear();
        }
        self.known.insert(key, content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_after_a_deletion_is_not_taken_for_known() {
        let mut recent = Recent::new(2);
        let (key, content) = (ResourceKey([1; 16]), ContentHash([1; 16]));
        recent.note(key, Some(content));
        assert!(recent.has(key, Some(content)));
        recent.note(key, None);
        assert!(!recent.has(key, Some(content)) && recent.has(key, None));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut recent = Recent::new(2);
        for number in 0..10 {
            recent.note(ResourceKey([number; 16]), None);
            assert!(recent.known.len() <= 2);
        }
    }
}

//! What can be wrong with a definition whose parts can each be read: ways that lead nowhere, circles, steps nobody reaches.

use std::collections::BTreeSet;

use outreach_plugin_sdk::document::Reader;

use crate::definition::{Definition, Step};

/// Adds its findings to the reader, which stands at the whole document.
pub(crate) fn check(definition: &Definition, reader: &mut Reader<'_>) {
    if !definition.steps.contains_key(&definition.start) {
        reader.member("start").fatal(format!("there is no step `{}`; name one of the steps", definition.start));
        return;
    }
    let mut complete = true;
    for (key, step) in &definition.steps {
        for (member, target) in step.targets() {
            if !definition.steps.contains_key(target) {
                complete = false;
                let mut steps = reader.member("steps");
                let mut place = steps.member(key);
                place.fatal(format!("`{member}` leads to `{target}`, and there is no such step; add it or name another"));
            }
        }
        if let Step::WaitFor { of: Some(of), .. } = step
            && !matches!(definition.steps.get(of), Some(Step::Send { .. }))
        {
            reader.member("steps").member(key).member("wait_for").member("of").fatal(format!("`{of}` is no step that sends; name one"));
        }
    }
    if !complete {
        return;
    }
    let reached = reached_from(definition, &definition.start, |_| true);
    for (key, step) in &definition.steps {
        if !reached.contains(key.as_str()) && *key != definition.start {
            reader.member("steps").member(key).fatal(format!("nobody reaches `{key}`; lead a step to it or take it out"));
        }
        if !step.waits() && reached_from(definition, key, |step| !step.waits()).contains(key.as_str()) {
            reader.member("steps").member(key).fatal(format!("`{key}` leads back to itself without a wait; put a `wait` into the circle"));
        }
        if matches!(step, Step::Send { .. }) && reached_from(definition, key, |_| true).contains(key.as_str()) {
            reader
                .member("steps")
                .member(key)
                .fatal(format!("`{key}` sends and leads back to itself; a step sends once, so add a second send step"));
        }
        if matches!(step, Step::Task { .. }) && reached_from(definition, key, |_| true).contains(key.as_str()) {
            reader
                .member("steps")
                .member(key)
                .fatal(format!("`{key}` makes a task and leads back to itself; a step makes one, so add a second task step"));
        }
    }
}

/// The steps that can be reached from one, passing only through steps that `passes` lets through.
fn reached_from<'a>(definition: &'a Definition, start: &str, passes: impl Fn(&Step) -> bool) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&str> = vec![start];
    while let Some(key) = ahead.pop() {
        let Some(step) = definition.steps.get(key).filter(|step| passes(step)) else { continue };
        for (_, target) in step.targets() {
            if let Some((target, _)) = definition.steps.get_key_value(target)
                && reached.insert(target.as_str())
            {
                ahead.push(target);
            }
        }
    }
    reached
}

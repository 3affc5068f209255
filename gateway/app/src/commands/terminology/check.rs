//! `outreach terminology check`: which value sets measures and segments name, and what is there of each.

use anyhow::bail;
use gateway_outreach::segments::value_sets::{NeededValueSet, Standing, named_in, of_segment, standing};
use gateway_ports::store::SegmentStore as _;
use serde_json::{Value, json};

use super::summary_json;
use crate::progress::{say, table};
use crate::wiring::Parts;

/// A document, and what is there of the value sets it names.
struct Checked {
    /// `measure` or `segment`.
    kind: &'static str,
    key: String,
    title: String,
    needed: Vec<NeededValueSet>,
}

impl Checked {
    fn missing(&self) -> usize {
        self.needed.iter().filter(|it| matches!(it.standing, Standing::Missing(_))).count()
    }

    fn starters(&self) -> usize {
        self.needed.iter().filter(|it| matches!(it.standing, Standing::Starter(_))).count()
    }
}

/// Checks what is asked for, or all measures and segments.
///
/// # Errors
/// Where there is no such measure or segment, or a value set is missing: after all were shown.
pub(crate) async fn run(parts: &Parts, measure: Option<&str>, segment: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let mut checked = Vec::new();
    if segment.is_none() {
        checked.extend(measures(parts, measure).await?);
    }
    if measure.is_none() {
        checked.extend(segments(parts, segment).await?);
    }
    if as_json {
        let checked: Vec<_> = checked.iter().map(as_value).collect();
        say(serde_json::to_string(&json!({ "checked": checked }))?);
    } else {
        tell(&checked, measure.is_some() || segment.is_some());
    }
    let lacking = checked.iter().filter(|it| it.missing() > 0).count();
    if lacking > 0 && (measure.is_some() || segment.is_some()) {
        bail!("value sets are missing: until they are imported there are no members");
    }
    Ok(())
}

async fn measures(parts: &Parts, only: Option<&str>) -> anyhow::Result<Vec<Checked>> {
    let measures = match only {
        Some(name) => vec![fhir_profiles::measure(name)?],
        None => fhir_profiles::measures()?,
    };
    let mut checked = Vec::new();
    for measure in measures {
        let needed = standing(parts.terminology.as_ref(), named_in(&measure.document)).await?;
        checked.push(Checked { kind: "measure", key: measure.name, title: measure.title, needed });
    }
    Ok(checked)
}

async fn segments(parts: &Parts, only: Option<&str>) -> anyhow::Result<Vec<Checked>> {
    let mut checked = Vec::new();
    for summary in parts.store.segments().await? {
        let segment = summary.segment;
        if only.is_some_and(|only| only != segment.key) {
            continue;
        }
        let names = of_segment(parts.plugins.as_ref(), &segment).await;
        checked.push(Checked {
            kind: "segment",
            needed: standing(parts.terminology.as_ref(), names).await?,
            key: segment.key,
            title: segment.title,
        });
    }
    if let Some(only) = only.filter(|_| checked.is_empty()) {
        bail!("there is no segment `{only}`");
    }
    Ok(checked)
}

fn tell(checked: &[Checked], in_full: bool) {
    let row = |it: &Checked| {
        let imported = it.needed.len() - it.missing() - it.starters();
        let says = match (it.missing(), it.starters()) {
            _ if it.needed.is_empty() => "names none",
            (0, 0) => "whole",
            (0, _) => "with starter sets: finds a part of the people",
            _ => "has no members until the missing ones are imported",
        };
        let counts = [it.needed.len(), imported, it.starters(), it.missing()].map(|count| count.to_string());
        [vec![it.kind.to_owned(), it.key.clone()], counts.to_vec(), vec![says.to_owned()]].concat()
    };
    table(&["", "KEY", "NAMES", "IMPORTED", "STARTER", "MISSING", ""], &checked.iter().map(row).collect::<Vec<_>>());
    for each in checked {
        let lacking: Vec<_> = each.needed.iter().filter(|it| in_full || matches!(it.standing, Standing::Missing(_))).collect();
        if lacking.is_empty() {
            continue;
        }
        say(format!("\n{} {}: {}", each.kind, each.key, each.title));
        let row = |it: &&NeededValueSet| {
            let (stands, title, codes) = match &it.standing {
                Standing::Missing(_) => ("missing", it.title.clone().unwrap_or_default(), String::new()),
                Standing::Starter(found) => ("starter", found.title.clone(), found.codes.to_string()),
                Standing::Imported(found) => ("imported", found.title.clone(), found.codes.to_string()),
            };
            vec![stands.to_owned(), it.name.clone(), title, codes]
        };
        table(&["", "VALUE SET", "TITLE", "CODES"], &lacking.iter().map(row).collect::<Vec<_>>());
    }
    if checked.iter().any(|it| it.missing() + it.starters() > 0) {
        say("\nValue sets of cts.nlm.nih.gov are free with a UMLS account: gateway/docs/terminology.md says how to get them.");
    }
}

fn as_value(checked: &Checked) -> Value {
    let needed: Vec<_> = checked
        .needed
        .iter()
        .map(|it| match &it.standing {
            Standing::Missing(reason) => json!({ "value_set": it.name, "title": it.title, "standing": "missing", "reason": reason }),
            Standing::Starter(found) => json!({ "value_set": it.name, "standing": "starter", "found": summary_json(found) }),
            Standing::Imported(found) => json!({ "value_set": it.name, "standing": "imported", "found": summary_json(found) }),
        })
        .collect();
    json!({
        "kind": checked.kind, "key": checked.key, "title": checked.title, "missing": checked.missing(), "starter": checked.starters(),
        "value_sets": needed,
    })
}

//! How the facts of a source are coded: one scan of its facts, grouped by the codes they have.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gateway_domain::code::{CodeId, Coding, systems};
use gateway_domain::fact::FactKind;
use gateway_domain::ids::SourceNo;
use gateway_domain::unmapped::{CodeReport, FEWEST_FACTS, KindReport, UnmappedCode};
use gateway_ports::store::StoreError;

use crate::code;
use crate::database::{Session, args};
use crate::fact::{kind, unpack_codes};

/// Reads the report.
pub(crate) async fn code_report(session: &mut Session, source: SourceNo, most: usize) -> Result<CodeReport, StoreError> {
    let rows = session
        .all(
            "SELECT f.kind, f.codes, count(*) AS facts FROM patient p CROSS JOIN fact f \
             WHERE p.source_no = $1 AND f.patient_no = p.no GROUP BY f.kind, f.codes",
            args![source.0],
        )
        .await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        let packed: Vec<u8> = row.get(1)?;
        groups.push((kind(row.get(0)?)?, unpack_codes(&packed), row.count("facts")?));
    }
    let met: BTreeSet<CodeId> = groups.iter().flat_map(|(_, codes, _)| codes.iter().copied()).collect();
    let known: HashMap<CodeId, Coding> = code::codings(session, met).await?.into_iter().collect();
    Ok(report(&groups, &known, most))
}

/// Counts groups of facts that have the same codes.
fn report(groups: &[(FactKind, Vec<CodeId>, u64)], known: &HashMap<CodeId, Coding>, most: usize) -> CodeReport {
    let is_standard = |code: &CodeId| known.get(code).is_some_and(|it| systems::STANDARD.contains(&it.system.as_str()));
    let mut kinds: BTreeMap<u8, KindReport> = BTreeMap::new();
    let mut unmapped: BTreeMap<(u8, CodeId), (FactKind, u64)> = BTreeMap::new();
    for (kind, codes, facts) in groups {
        let none = KindReport { kind: *kind, facts: 0, standard: 0, local: 0, uncoded: 0 };
        let counted = kinds.entry(kind.number()).or_insert(none);
        counted.facts += facts;
        if codes.is_empty() {
            counted.uncoded += facts;
        } else if codes.iter().any(is_standard) {
            counted.standard += facts;
        } else {
            counted.local += facts;
            for code in codes.iter().collect::<BTreeSet<_>>() {
                unmapped.entry((kind.number(), *code)).or_insert((*kind, 0)).1 += facts;
            }
        }
    }
    let all = unmapped.len();
    let mut shown: Vec<UnmappedCode> = unmapped
        .into_iter()
        .filter(|(_, (_, facts))| *facts >= FEWEST_FACTS)
        .filter_map(|((_, code), (kind, facts))| {
            let Coding { system, code, display } = known.get(&code)?.clone();
            Some(UnmappedCode { kind, system, code, display, facts })
        })
        .collect();
    shown.sort_by(|one, two| two.facts.cmp(&one.facts).then_with(|| (&one.system, &one.code).cmp(&(&two.system, &two.code))));
    shown.truncate(most);
    CodeReport { kinds: kinds.into_values().collect(), not_shown: (all - shown.len()) as u64, unmapped: shown }
}

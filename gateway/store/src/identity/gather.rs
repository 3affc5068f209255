//! All records that hang together with some: by the person they belong to, by links, identifiers and decisions of staff.

use std::collections::{BTreeMap, BTreeSet};

use gateway_domain::identity::{IdentityRecord, IdentityRules, Pair, StaffDecision};
use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::patient::{Demographics, Sex};
use gateway_ports::store::StoreError;

use super::said::{holders, key, links_of};
use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::stored::{from_json, from_name, partial_date};

/// Records that are gathered beyond those that were asked for. Whoever hangs together with more is written to by none of them.
const MOST_GATHERED: usize = 4_096;

const PATIENT: &[Column] = &[Column::Integer];

/// A record with the person it belongs to so far.
pub(super) struct Gathered {
    pub(super) records: BTreeMap<PatientNo, GatheredRecord>,
    pub(super) decisions: BTreeMap<Pair, StaffDecision>,
    /// Records with others that were not gathered.
    pub(super) cut: BTreeSet<PatientNo>,
}

pub(super) struct GatheredRecord {
    pub(super) identity: IdentityRecord,
    pub(super) person: Option<i64>,
}

/// Of these those that have, or had, anything to do with another record, or that staff was asked about.
pub(super) async fn with_others(session: &mut Session, seeds: BTreeSet<PatientNo>) -> Result<BTreeSet<PatientNo>, StoreError> {
    if seeds.is_empty() {
        return Ok(seeds);
    }
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT p.no FROM wanted w CROSS JOIN patient p WHERE p.no = w.no \
             AND (p.person_no IS NOT NULL \
             OR EXISTS (SELECT 1 FROM patient_link l WHERE l.patient_no = p.no) \
             OR EXISTS (SELECT 1 FROM patient_link l WHERE l.source_no = p.source_no AND l.other = p.fhir_id) \
             OR EXISTS (SELECT 1 FROM patient_identifier i JOIN patient_identifier o ON o.key = i.key \
             WHERE i.patient_no = p.no AND o.patient_no <> p.no) \
             OR EXISTS (SELECT 1 FROM identity_decision d WHERE d.a_no = p.no OR d.b_no = p.no) \
             OR EXISTS (SELECT 1 FROM identity_question q WHERE q.a_no = p.no OR q.b_no = p.no))",
            Rows::of(PATIENT, seeds.iter().map(|no| (*no).into())),
        )
        .await?;
    rows.iter().map(|row| row.get(0).map(PatientNo)).collect()
}

/// These records and all that hang together with them.
pub(super) async fn around(session: &mut Session, rules: &IdentityRules, seeds: BTreeSet<PatientNo>) -> Result<Gathered, StoreError> {
    let ranks = ranks(session, rules).await?;
    let most = seeds.len() + MOST_GATHERED;
    let mut gathered = Gathered { records: BTreeMap::new(), decisions: BTreeMap::new(), cut: BTreeSet::new() };
    let mut next = seeds;
    while !next.is_empty() {
        if gathered.records.len() + next.len() > most {
            gathered.cut = cut(session, &gathered, &next).await?;
            break;
        }
        let found = load(session, rules, &ranks, &next).await?;
        let mut others = neighbours(session, &found, &mut gathered.decisions).await?;
        gathered.records.extend(found);
        others.retain(|no| !gathered.records.contains_key(no));
        next = others;
    }
    Ok(gathered)
}

/// Where the gathering was given up: all that was gathered of the persons and links that go on. Rare, and then too much rather than
/// too little is silenced.
async fn cut(session: &mut Session, gathered: &Gathered, next: &BTreeSet<PatientNo>) -> Result<BTreeSet<PatientNo>, StoreError> {
    let beyond = load(session, &IdentityRules::default(), &BTreeMap::new(), next).await?;
    let back = neighbours(session, &beyond, &mut BTreeMap::new()).await?;
    let linked: BTreeSet<PatientNo> = back.into_iter().filter(|no| gathered.records.contains_key(no)).collect();
    Ok(if linked.is_empty() { gathered.records.keys().copied().collect() } else { linked })
}

/// The place of each source in the hospital's order.
pub(crate) async fn ranks(session: &mut Session, rules: &IdentityRules) -> Result<BTreeMap<SourceNo, u32>, StoreError> {
    let rows = session.all("SELECT no, name FROM source", args![]).await?;
    rows.iter().map(|row| Ok((SourceNo(row.integer("no")?), rules.rank(&row.text("name")?)))).collect()
}

async fn load(
    session: &mut Session,
    rules: &IdentityRules,
    ranks: &BTreeMap<SourceNo, u32>,
    patients: &BTreeSet<PatientNo>,
) -> Result<BTreeMap<PatientNo, GatheredRecord>, StoreError> {
    let mut links = links_of(session, patients).await?;
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT p.no, p.source_no, p.fhir_id, p.status, p.birth, p.sex, p.demographics, p.person_no \
             FROM wanted w CROSS JOIN patient p WHERE p.no = w.no",
            Rows::of(PATIENT, patients.iter().map(|no| (*no).into())),
        )
        .await?;
    rows.iter()
        .map(|row| {
            let no = PatientNo(row.integer("no")?);
            let source = SourceNo(row.integer("source_no")?);
            let birth: Option<i64> = row.get("birth")?;
            let demographics: Demographics = from_json("demographics", &row.text("demographics")?)?;
            let identity = IdentityRecord {
                no,
                source,
                fhir_id: row.text("fhir_id")?,
                rank: ranks.get(&source).copied().unwrap_or(u32::MAX),
                status: from_name("record status", row.text("status")?)?,
                links: links.remove(&no).unwrap_or_default().into_iter().collect(),
                birth: birth.map(partial_date).transpose()?,
                sex: Sex::from_number(u8::try_from(row.integer("sex")?).unwrap_or(0)),
                identifiers: rules.linking(&demographics.identifiers),
            };
            Ok((no, GatheredRecord { identity, person: row.get("person_no")? }))
        })
        .collect()
}

/// Records that hang together with these directly. What staff said of them is added to `decisions`.
async fn neighbours(
    session: &mut Session,
    records: &BTreeMap<PatientNo, GatheredRecord>,
    decisions: &mut BTreeMap<Pair, StaffDecision>,
) -> Result<BTreeSet<PatientNo>, StoreError> {
    const PERSON: &[Column] = &[Column::Integer];
    const NAMED: &[Column] = &[Column::Integer, Column::Text];
    let mut others: BTreeSet<PatientNo> = BTreeSet::new();

    let persons: BTreeSet<i64> = records.values().filter_map(|record| record.person).collect();
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT p.no FROM wanted w CROSS JOIN patient p WHERE p.person_no = w.no",
            Rows::of(PERSON, persons.into_iter().map(Into::into)),
        )
        .await?;
    others.extend(rows.iter().map(|row| row.get(0).map(PatientNo)).collect::<Result<Vec<_>, _>>()?);

    let mut named = Rows::new(NAMED);
    let mut naming = Rows::new(NAMED);
    for record in records.values() {
        for other in record.identity.links.iter().filter_map(|link| link.other.as_deref()) {
            named.push(args![record.identity.source, other]);
        }
        naming.push(args![record.identity.source, record.identity.fhir_id.as_str()]);
    }
    let rows = session
        .all_rows(
            "WITH wanted (source_no, fhir_id) AS ({rows}) SELECT p.no FROM wanted w \
             CROSS JOIN patient p WHERE p.source_no = w.source_no AND p.fhir_id = w.fhir_id",
            named,
        )
        .await?;
    others.extend(rows.iter().map(|row| row.get(0).map(PatientNo)).collect::<Result<Vec<_>, _>>()?);
    let rows = session
        .all_rows(
            "WITH wanted (source_no, fhir_id) AS ({rows}) SELECT l.patient_no FROM wanted w \
             CROSS JOIN patient_link l WHERE l.source_no = w.source_no AND l.other = w.fhir_id",
            naming,
        )
        .await?;
    others.extend(rows.iter().map(|row| row.get(0).map(PatientNo)).collect::<Result<Vec<_>, _>>()?);

    let keys: BTreeSet<[u8; 16]> = records.values().flat_map(|record| record.identity.identifiers.iter().map(key)).collect();
    others.extend(holders(session, &keys).await?.into_iter().map(|(_, patient)| patient));

    for column in ["a_no", "b_no"] {
        let rows = session
            .all_rows(
                &format!(
                    "WITH wanted (no) AS ({{rows}}) SELECT d.a_no, d.b_no, d.decision FROM wanted w \
                     CROSS JOIN identity_decision d WHERE d.{column} = w.no"
                ),
                Rows::of(PATIENT, records.keys().map(|no| (*no).into())),
            )
            .await?;
        for row in &rows {
            let (one, other) = (PatientNo(row.get(0)?), PatientNo(row.get(1)?));
            decisions.insert((one, other), from_name("identity decision", row.text("decision")?)?);
            others.extend([one, other]);
        }
    }
    Ok(others)
}

//! Persons, questions and decisions as people see them.

use std::collections::{BTreeMap, BTreeSet};

use gateway_domain::consent::Consent;
use gateway_domain::gate::RecordStanding;
use gateway_domain::golden_record::{GoldenRecord, RecordSays, golden_record};
use gateway_domain::identity::{QuestionKind, Trouble, resolve};
use gateway_domain::ids::{PatientId, PatientNo};
use gateway_domain::patient::{Demographics, Patient, RecordStatus};
use gateway_domain::person::{IdentityDecision, OpenQuestion, Person, PersonRecord};
use gateway_ports::store::identity::WrittenTo;
use gateway_ports::store::{Page, PageRequest, StoreError};

use super::{gather, rules};
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, Value, args};
use crate::error::corrupt;
use crate::page::{limit, offset};
use crate::patient::{PATIENT, find_no, patient};
use crate::stored::{from_name, name_of};
use crate::{consent, person as stored_person};

const QUESTION: &str = "q.a_no, q.b_no, q.kind, q.system, q.at FROM identity_question q";
const DECISION: &str = "o.id AS one, p.id AS other, d.decision, d.actor, d.reason, d.at FROM identity_decision d \
    JOIN patient o ON o.no = d.a_no JOIN patient p ON p.no = d.b_no";

pub(super) async fn person(session: &mut Session, id: PatientId) -> Result<Option<Person>, StoreError> {
    let Some(no) = find_no(session, id).await? else { return Ok(None) };
    let numbers = stored_person::records(session, no).await?;
    let patients = patients(session, numbers.iter().copied()).await?;
    let Shown { mut records, golden, primary, trouble } = match stored_person::of_patient(session, no).await? {
        Some(person) => of_several(&person, patients)?,
        None => alone(session, no, patients).await?,
    };
    records.sort_by_key(|(rank, record)| (*rank, record.patient.no));
    let rules = rules(session).await?;
    let gathered = gather::around(session, &rules, numbers.iter().copied().collect()).await?;
    let identities: Vec<_> = gathered.records.values().map(|record| record.identity.clone()).collect();
    let mut links = resolve(&identities, &gathered.decisions).links;
    links.retain(|(one, other), _| numbers.contains(one) && numbers.contains(other));
    let listed = numbers.iter().map(|no| no.0.to_string()).collect::<Vec<_>>().join(", ");
    let rows = session
        .all(&format!("SELECT {DECISION} WHERE d.a_no IN ({listed}) OR d.b_no IN ({listed}) ORDER BY d.at DESC, d.a_no, d.b_no"), args![])
        .await?;
    let decisions = rows.iter().map(decision).collect::<Result<_, _>>()?;
    let questions = open(
        session,
        &format!("SELECT {QUESTION} WHERE q.a_no IN ({listed}) OR q.b_no IN ({listed}) ORDER BY q.at, q.a_no, q.b_no, q.kind, q.system"),
        args![],
    )
    .await?;
    let records = records.into_iter().map(|(_, record)| record).collect();
    Ok(Some(Person { records, primary, trouble, golden, links, decisions, questions }))
}

/// The records with the place of their source in the hospital's order, and what they come to.
struct Shown {
    records: Vec<(u32, PersonRecord)>,
    golden: GoldenRecord,
    primary: Option<PatientNo>,
    trouble: Option<Trouble>,
}

fn of_several(person: &stored_person::Person, mut patients: BTreeMap<PatientNo, Patient>) -> Result<Shown, StoreError> {
    let mut records = Vec::with_capacity(person.records.len());
    for record in &person.records {
        let patient = patients.remove(&record.no).ok_or_else(|| corrupt("person", "one of its records is not there"))?;
        records.push((record.rank, PersonRecord { patient, replaced: record.replaced, said_at: record.said_at }));
    }
    Ok(Shown { records, golden: person.golden(), primary: person.primary, trouble: person.trouble })
}

async fn alone(session: &mut Session, no: PatientNo, mut patients: BTreeMap<PatientNo, Patient>) -> Result<Shown, StoreError> {
    let patient = patients.remove(&no).ok_or_else(|| corrupt("patient", "it is not there"))?;
    let said_at = stored_person::said_at_of(session, &patient).await?;
    let golden = golden_record(&[RecordSays {
        record: no,
        rank: 0,
        said_at,
        stands: patient.status == RecordStatus::Active,
        deleted: matches!(patient.status, RecordStatus::Deleted | RecordStatus::Referenced),
        demographics: &patient.demographics,
    }]);
    let primary = (patient.status == RecordStatus::Active).then_some(no);
    let replaced = patient.status == RecordStatus::Merged;
    Ok(Shown { records: vec![(0, PersonRecord { patient, replaced, said_at })], golden, primary, trouble: None })
}

pub(super) async fn written_to(session: &mut Session, id: PatientId) -> Result<Option<WrittenTo>, StoreError> {
    let Some(no) = find_no(session, id).await? else { return Ok(None) };
    let records = stored_person::records(session, no).await?;
    let mut consents = Vec::with_capacity(records.len());
    for record in &records {
        consents.push(consent::of_patient(session, *record, &records).await?);
    }
    let (standing, demographics) = if let Some(person) = stored_person::of_patient(session, no).await? {
        let golden = person.golden();
        (person.standing(no), Demographics { birth: golden.youngest, ..golden.demographics })
    } else {
        let Some(patient) = patients(session, [no]).await?.remove(&no) else { return Ok(None) };
        (RecordStanding::Primary, patient.demographics)
    };
    let possible_consents = possible_consents(session, &records).await?;
    Ok(Some(WrittenTo { standing, demographics, consents, possible_consents }))
}

/// The decisions kept with each record that may be the same person's as these: staff was asked, and has not answered.
pub(crate) async fn possible_consents(session: &mut Session, records: &[PatientNo]) -> Result<Vec<Vec<Consent>>, StoreError> {
    let asked = format!("kind <> '{}'", name_of(&QuestionKind::ManyHolders)?);
    let mut others: BTreeSet<PatientNo> = BTreeSet::new();
    for record in records {
        let sql = format!(
            "SELECT b_no AS no FROM identity_question WHERE a_no = $1 AND {asked} \
             UNION SELECT a_no AS no FROM identity_question WHERE b_no = $1 AND {asked}"
        );
        for row in &session.all(&sql, args![*record]).await? {
            others.extend(stored_person::records(session, PatientNo(row.integer("no")?)).await?);
        }
    }
    let mut consents = Vec::new();
    for other in others.iter().filter(|other| !records.contains(other)) {
        let with = stored_person::records(session, *other).await?;
        consents.push(consent::of_patient(session, *other, &with).await?);
    }
    Ok(consents)
}

pub(super) async fn questions(session: &mut Session, page: PageRequest) -> Result<Page<OpenQuestion>, StoreError> {
    let total = session.one("SELECT count(*) AS total FROM identity_question", args![]).await?.count("total")?;
    let sql = format!("SELECT {QUESTION} ORDER BY q.at, q.a_no, q.b_no, q.kind, q.system LIMIT $1 OFFSET $2");
    Ok(Page { items: open(session, &sql, args![limit(page), offset(page)]).await?, total })
}

pub(super) async fn decisions(session: &mut Session, page: PageRequest) -> Result<Page<IdentityDecision>, StoreError> {
    let total = session.one("SELECT count(*) AS total FROM identity_decision", args![]).await?.count("total")?;
    let sql = format!("SELECT {DECISION} ORDER BY d.at DESC, d.a_no, d.b_no LIMIT $1 OFFSET $2");
    let rows = session.all(&sql, args![limit(page), offset(page)]).await?;
    Ok(Page { items: rows.iter().map(decision).collect::<Result<_, _>>()?, total })
}

async fn open(session: &mut Session, sql: &str, values: Vec<Value>) -> Result<Vec<OpenQuestion>, StoreError> {
    let rows = session.all(sql, values).await?;
    let mut numbers: BTreeSet<PatientNo> = BTreeSet::new();
    for row in &rows {
        numbers.extend([PatientNo(row.integer("a_no")?), PatientNo(row.integer("b_no")?)]);
    }
    let patients = patients(session, numbers).await?;
    let find = |no: i64| patients.get(&PatientNo(no)).cloned().ok_or_else(|| corrupt("question", "its record is not there"));
    rows.iter()
        .map(|row| {
            let (a, b, system) = (row.integer("a_no")?, row.integer("b_no")?, row.text("system")?);
            Ok(OpenQuestion {
                one: find(a)?,
                other: if a == b { None } else { Some(find(b)?) },
                kind: from_name("question", row.text("kind")?)?,
                system: (!system.is_empty()).then_some(system),
                since: row.time("at")?,
            })
        })
        .collect()
}

async fn patients(session: &mut Session, numbers: impl IntoIterator<Item = PatientNo>) -> Result<BTreeMap<PatientNo, Patient>, StoreError> {
    const NUMBER: &[Column] = &[Column::Integer];
    let rows = session
        .all_rows(
            &format!("WITH wanted (no) AS ({{rows}}) SELECT {PATIENT} WHERE p.no IN (SELECT no FROM wanted)"),
            Rows::of(NUMBER, numbers.into_iter().map(Into::into)),
        )
        .await?;
    rows.iter().map(|row| patient(row).map(|patient| (patient.no, patient))).collect()
}

fn decision(row: &Row) -> Result<IdentityDecision, StoreError> {
    Ok(IdentityDecision {
        one: PatientId::from_uuid(row.uuid("one")?),
        other: PatientId::from_uuid(row.uuid("other")?),
        decision: from_name("identity decision", row.text("decision")?)?,
        by: row.text("actor")?,
        reason: row.text("reason")?,
        at: row.time("at")?,
    })
}

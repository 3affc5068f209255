//! A person with more than one record, as those see it who decide about the person: the send gate, segments, journeys, the console.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gateway_domain::columns::ClinicalRecord;
use gateway_domain::gate::RecordStanding;
use gateway_domain::golden_record::{GoldenRecord, RecordSays, golden_record};
use gateway_domain::identity::{LinkKind, RecordLink, Trouble};
use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::patient::{Demographics, Patient, RecordStatus};
use gateway_domain::resource::ResourceKey;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::identity::{ranks, rules};
use crate::stored::{from_json, from_name};

const NUMBER: &[Column] = &[Column::Integer];

/// A person with several records.
pub(crate) struct Person {
    pub(crate) primary: Option<PatientNo>,
    pub(crate) trouble: Option<Trouble>,
    /// By number.
    pub(crate) records: Vec<PersonRecord>,
}

/// One of the records.
pub(crate) struct PersonRecord {
    pub(crate) no: PatientNo,
    pub(crate) source: SourceNo,
    pub(crate) rank: u32,
    pub(crate) status: RecordStatus,
    /// Whether another record of its source stands in its place.
    pub(crate) replaced: bool,
    pub(crate) said_at: Timestamp,
    pub(crate) demographics: Demographics,
}

impl Person {
    /// Whether the record is the one that is written to.
    pub(crate) fn standing(&self, record: PatientNo) -> RecordStanding {
        match self.primary {
            _ if self.trouble.is_some() => RecordStanding::Unclear,
            Some(primary) if primary == record => RecordStanding::Primary,
            _ => RecordStanding::Other,
        }
    }

    /// What all records come to.
    pub(crate) fn golden(&self) -> GoldenRecord {
        let says: Vec<RecordSays<'_>> = self
            .records
            .iter()
            .map(|record| RecordSays {
                record: record.no,
                rank: record.rank,
                said_at: record.said_at,
                stands: record.status == RecordStatus::Active && !record.replaced,
                deleted: matches!(record.status, RecordStatus::Deleted | RecordStatus::Referenced),
                demographics: &record.demographics,
            })
            .collect();
        golden_record(&says)
    }
}

/// The person of a record; `None` where it is the only record.
pub(crate) async fn of_patient(session: &mut Session, patient: PatientNo) -> Result<Option<Person>, StoreError> {
    let row = session.optional("SELECT person_no FROM patient WHERE no = $1", args![patient]).await?;
    let person: Option<i64> = row.map(|row| row.get("person_no")).transpose()?.flatten();
    match person {
        Some(no) => Ok(load(session, &[no]).await?.into_values().next()),
        None => Ok(None),
    }
}

/// Locks the person of a record whose row is locked already: who decides about one of a person's records waits for whoever decides
/// about another. The numbers of all records, the one asked for among them.
pub(crate) async fn lock(session: &mut Session, patient: PatientNo) -> Result<Vec<PatientNo>, StoreError> {
    let row = session.one("SELECT person_no FROM patient WHERE no = $1", args![patient]).await?;
    if let Some(person) = row.get::<Option<i64>, _>("person_no")? {
        session.optional("SELECT no FROM person WHERE no = $1 FOR UPDATE", args![person]).await?;
    }
    records(session, patient).await
}

/// The numbers of all records of the person a record belongs to, that record among them.
pub(crate) async fn records(session: &mut Session, patient: PatientNo) -> Result<Vec<PatientNo>, StoreError> {
    let row = session.one("SELECT person_no FROM patient WHERE no = $1", args![patient]).await?;
    let Some(person) = row.get::<Option<i64>, _>("person_no")? else {
        return Ok(vec![patient]);
    };
    let rows = session.all("SELECT no FROM patient WHERE person_no = $1 ORDER BY no", args![person]).await?;
    rows.iter().map(|row| row.integer("no").map(PatientNo)).collect()
}

/// Persons by number.
async fn load(session: &mut Session, persons: &[i64]) -> Result<BTreeMap<i64, Person>, StoreError> {
    let numbers = || Rows::of(NUMBER, persons.iter().map(|no| (*no).into()));
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT pe.no, pe.primary_no, pe.trouble FROM wanted w CROSS JOIN person pe WHERE pe.no = w.no",
            numbers(),
        )
        .await?;
    let mut found: BTreeMap<i64, Person> = BTreeMap::new();
    for row in &rows {
        let primary: Option<i64> = row.get("primary_no")?;
        let trouble: Option<String> = row.get("trouble")?;
        let trouble = trouble.map(|name| from_name("trouble", name)).transpose()?;
        found.insert(row.integer("no")?, Person { primary: primary.map(PatientNo), trouble, records: Vec::new() });
    }
    let rules = rules(session).await?;
    let ranks = ranks(session, &rules).await?;
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT p.no, p.person_no, p.source_no, p.fhir_id, p.status, p.demographics, p.updated_at \
             FROM wanted w CROSS JOIN patient p WHERE p.person_no = w.no",
            numbers(),
        )
        .await?;
    let mut keys: Vec<(PatientNo, ResourceKey)> = Vec::with_capacity(rows.len());
    let mut named: BTreeMap<PatientNo, (SourceNo, String)> = BTreeMap::new();
    for row in &rows {
        let (no, source) = (PatientNo(row.integer("no")?), SourceNo(row.integer("source_no")?));
        let fhir_id = row.text("fhir_id")?;
        keys.push((no, ResourceKey::of(source, "Patient", &fhir_id)));
        named.insert(no, (source, fhir_id));
        let record = PersonRecord {
            no,
            source,
            rank: ranks.get(&source).copied().unwrap_or(u32::MAX),
            status: from_name("record status", row.text("status")?)?,
            replaced: false,
            said_at: row.time("updated_at")?,
            demographics: from_json("demographics", &row.text("demographics")?)?,
        };
        if let Some(person) = found.get_mut(&row.integer("person_no")?) {
            person.records.push(record);
        }
    }
    let said = said_at(session, &keys).await?;
    let links = crate::identity::links(session, &named.keys().copied().collect()).await?;
    for person in found.values_mut() {
        person.records.sort_by_key(|record| record.no);
        let replaced: Vec<PatientNo> =
            person.records.iter().map(|record| record.no).filter(|no| is_replaced(*no, &named, &links)).collect();
        for record in &mut person.records {
            record.replaced = replaced.contains(&record.no);
            if let Some(at) = said.get(&record.no) {
                record.said_at = *at;
            }
        }
    }
    Ok(found)
}

/// Whether the record, or another one of its source, says that it was merged away.
fn is_replaced(no: PatientNo, named: &BTreeMap<PatientNo, (SourceNo, String)>, links: &BTreeMap<PatientNo, BTreeSet<RecordLink>>) -> bool {
    let Some((source, fhir_id)) = named.get(&no) else { return false };
    links.iter().any(|(from, links)| {
        links.iter().any(|link| match link.kind {
            LinkKind::ReplacedBy => *from == no,
            LinkKind::Replaces => {
                *from != no
                    && link.other.as_deref() == Some(fhir_id.as_str())
                    && named.get(from).is_some_and(|(its_source, _)| its_source == source)
            }
        })
    })
}

/// When the source last changed a record, where it says so.
async fn said_at(session: &mut Session, keys: &[(PatientNo, ResourceKey)]) -> Result<HashMap<PatientNo, Timestamp>, StoreError> {
    const KEY: &[Column] = &[Column::Integer, Column::Bytes];
    let mut wanted = Rows::new(KEY);
    for (patient, key) in keys {
        wanted.push(args![*patient, *key]);
    }
    let rows = session
        .all_rows(
            "WITH wanted (patient_no, resource_key) AS ({rows}) SELECT r.patient_no, r.last_updated FROM wanted w \
             CROSS JOIN resource r WHERE r.patient_no = w.patient_no AND r.resource_key = w.resource_key",
            wanted,
        )
        .await?;
    let mut said = HashMap::new();
    for row in &rows {
        if let Some(at) = row.optional_time("last_updated")? {
            said.insert(PatientNo(row.get(0)?), at);
        }
    }
    Ok(said)
}

/// When the source last changed the only record of a person; when the gateway did where the source does not say.
pub(crate) async fn said_at_of(session: &mut Session, patient: &Patient) -> Result<Timestamp, StoreError> {
    let row = session.one("SELECT source_no FROM patient WHERE no = $1", args![patient.no]).await?;
    let key = ResourceKey::of(SourceNo(row.integer("source_no")?), "Patient", &patient.fhir_id);
    Ok(said_at(session, &[(patient.no, key)]).await?.remove(&patient.no).unwrap_or(patient.updated_at))
}

/// What of persons is evaluated: for each primary record among these the person's golden record, without facts yet, and all records
/// whose facts count. Nobody is evaluated by any other record.
pub(crate) async fn clinical(
    session: &mut Session,
    persons: &[(PatientNo, i64)],
) -> Result<Vec<(ClinicalRecord, Vec<PatientNo>)>, StoreError> {
    let mut numbers: Vec<i64> = persons.iter().map(|(_, person)| *person).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let found = load(session, &numbers).await?;
    let mut records = Vec::new();
    for (patient, person) in persons {
        let Some(person) = found.get(person).filter(|person| person.standing(*patient) == RecordStanding::Primary) else {
            continue;
        };
        let golden = person.golden().demographics;
        let record = ClinicalRecord {
            patient: *patient,
            birth: golden.birth,
            sex: golden.sex,
            deceased: golden.deceased.is_presumed(),
            facts: Vec::new(),
        };
        // What a source deleted is hidden until it shows it again.
        let counted = person.records.iter().filter(|record| record.status != RecordStatus::Deleted).map(|record| record.no);
        records.push((record, counted.collect()));
    }
    Ok(records)
}

/// Marks the records that are written to where another record of the same person was touched. Called once the touched rows are locked.
pub(crate) async fn mark_primaries(
    session: &mut Session,
    touched: impl Iterator<Item = PatientNo>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if session.optional("SELECT no FROM person LIMIT 1", args![]).await?.is_none() {
        return Ok(());
    }
    let rows = session
        .all_rows(
            "WITH touched (no) AS ({rows}) SELECT p.no, p.source_no FROM touched t CROSS JOIN patient o CROSS JOIN person pe \
             CROSS JOIN patient p WHERE o.no = t.no AND pe.no = o.person_no AND p.no = pe.primary_no AND p.no <> t.no",
            Rows::of(NUMBER, touched.map(Into::into)),
        )
        .await?;
    let mut marks = Rows::new(&[Column::Integer; 5]);
    let mut marked: BTreeSet<i64> = BTreeSet::new();
    for row in &rows {
        let no: i64 = row.get(0)?;
        if marked.insert(no) {
            marks.push(args![no, row.get::<i64, _>(1)?, now, now, 0_i64]);
        }
    }
    session
        .execute_rows(
            "INSERT INTO dirty_patient (patient_no, source_no, mark, since, lease_until) {rows} \
             ON CONFLICT (patient_no) DO UPDATE SET mark = CASE WHEN dirty_patient.mark < excluded.mark \
             THEN excluded.mark ELSE dirty_patient.mark + 1 END",
            marks,
        )
        .await
        .map(drop)
}

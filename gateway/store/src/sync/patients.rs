//! Patients met in a batch: found by FHIR id, or made as `referenced` until the source shows them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gateway_domain::ids::{PatientId, PatientNo, SourceNo};
use gateway_domain::patient::RecordStatus;
use gateway_domain::projection::ReadPatient;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args, row};
use crate::entropy::EntropySequence;
use crate::patient::{PatientColumns, STATUS_REFERENCED};
use crate::person;
use crate::stored::name_of;

/// A patient met in a batch.
#[derive(Clone, Copy)]
pub(super) struct Met {
    pub(super) no: PatientNo,
    /// Whether the source has never shown it.
    pub(super) referenced: bool,
}

/// The numbers of these patients; those not known yet are made.
pub(super) async fn resolve(
    session: &mut Session,
    source: SourceNo,
    fhir_ids: BTreeSet<&str>,
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<HashMap<String, Met>, StoreError> {
    let mut met = find(session, source, fhir_ids.iter().copied()).await?;
    let unknown: Vec<&str> = fhir_ids.into_iter().filter(|id| !met.contains_key(*id)).collect();
    if unknown.is_empty() {
        return Ok(met);
    }
    let mut rows = Rows::new(PatientColumns::TYPES);
    let nobody = PatientColumns::of(&ReadPatient {
        status: RecordStatus::Referenced,
        replaced_by: None,
        links: Vec::new(),
        demographics: gateway_domain::patient::Demographics::default(),
        data_quality: Vec::new(),
    })?;
    for fhir_id in &unknown {
        let id = PatientId::new(now, entropy.draw());
        rows.push(nobody.clone().row(id, source, fhir_id, now));
    }
    session
        .execute_rows(
            &format!("INSERT INTO patient ({}) {{rows}} ON CONFLICT (source_no, fhir_id) DO NOTHING", PatientColumns::NAMES),
            rows,
        )
        .await?;
    met.extend(find(session, source, unknown.into_iter()).await?);
    Ok(met)
}

pub(super) async fn find(
    session: &mut Session,
    source: SourceNo,
    fhir_ids: impl Iterator<Item = &str>,
) -> Result<HashMap<String, Met>, StoreError> {
    const WANTED: &[Column] = &[Column::Integer, Column::Text];
    let mut rows = Rows::new(WANTED);
    for fhir_id in fhir_ids {
        rows.push(row![source, fhir_id]);
    }
    let found = session
        .all_rows(
            "WITH wanted (source_no, fhir_id) AS ({rows}) SELECT p.fhir_id, p.no, p.status FROM wanted w \
             CROSS JOIN patient p WHERE p.source_no = w.source_no AND p.fhir_id = w.fhir_id",
            rows,
        )
        .await?;
    found
        .iter()
        .map(|row| {
            let met = Met { no: PatientNo(row.integer("no")?), referenced: row.text("status")? == STATUS_REFERENCED };
            Ok((row.text("fhir_id")?, met))
        })
        .collect()
}

/// Writes what is said of patients over what was said before.
pub(super) async fn write(
    session: &mut Session,
    source: SourceNo,
    patients: &[(&str, &ReadPatient)],
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<(), StoreError> {
    let mut rows = Rows::new(PatientColumns::TYPES);
    for (fhir_id, patient) in patients {
        let id = PatientId::new(now, entropy.draw());
        rows.push(PatientColumns::of(patient)?.row(id, source, fhir_id, now));
    }
    session
        .execute_rows(
            &format!(
                "INSERT INTO patient ({}) {{rows}} ON CONFLICT (source_no, fhir_id) DO UPDATE SET {}",
                PatientColumns::NAMES,
                PatientColumns::OVERWRITE
            ),
            rows,
        )
        .await?;
    Ok(())
}

/// Notes that patients are gone from their source.
pub(super) async fn mark_deleted(session: &mut Session, patients: &[PatientNo], now: Timestamp) -> Result<(), StoreError> {
    let deleted = name_of(&RecordStatus::Deleted)?;
    for patient in patients {
        session.execute("UPDATE patient SET status = $2, updated_at = $3 WHERE no = $1", args![*patient, deleted.as_str(), now]).await?;
    }
    Ok(())
}

/// Marks patients dirty whose person changed, of whatever source.
pub(crate) async fn mark_others_dirty(session: &mut Session, patients: &BTreeSet<PatientNo>, now: Timestamp) -> Result<(), StoreError> {
    const WANTED: &[Column] = &[Column::Integer];
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT p.no, p.source_no FROM wanted w CROSS JOIN patient p \
             WHERE p.no = w.no AND p.status <> 'referenced'",
            Rows::of(WANTED, patients.iter().map(|no| (*no).into())),
        )
        .await?;
    let mut by_source: BTreeMap<SourceNo, BTreeSet<PatientNo>> = BTreeMap::new();
    for row in &rows {
        by_source.entry(SourceNo(row.get(1)?)).or_default().insert(PatientNo(row.get(0)?));
    }
    for (source, patients) in by_source {
        mark_dirty(session, source, &patients, now).await?;
    }
    Ok(())
}

/// Marks patients dirty and notes the moment of the change. Where one is not the record by which its person is written to, that one is
/// marked too.
pub(super) async fn mark_dirty(
    session: &mut Session,
    source: SourceNo,
    patients: &BTreeSet<PatientNo>,
    now: Timestamp,
) -> Result<(), StoreError> {
    const MARK: &[Column] = &[Column::Integer; 5];
    const TOUCH: &[Column] = &[Column::Integer; 2];
    let mut marks = Rows::new(MARK);
    let mut touched = Rows::new(TOUCH);
    for patient in patients {
        marks.push(row![*patient, source, now, now, 0_i64]);
        touched.push(row![*patient, now]);
    }
    session
        .execute_rows(
            "INSERT INTO dirty_patient (patient_no, source_no, mark, since, lease_until) {rows} \
             ON CONFLICT (patient_no) DO UPDATE SET mark = CASE WHEN dirty_patient.mark < excluded.mark \
             THEN excluded.mark ELSE dirty_patient.mark + 1 END",
            marks,
        )
        .await?;
    session
        .execute_rows(
            "WITH touched (no, at) AS ({rows}) UPDATE patient SET updated_at = touched.at FROM touched \
             WHERE patient.no = touched.no",
            touched,
        )
        .await?;
    person::mark_primaries(session, patients.iter().copied(), now).await
}

//! Facts: written by the sync, read for evaluations and for the console.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use gateway_domain::code::{CodeId, Coding};
use gateway_domain::columns::ClinicalRecord;
use gateway_domain::fact::{DescribedFact, Fact, FactFlagBits, FactFlags, FactKey, FactKind, FactKinds, ReadFact};
use gateway_domain::ids::PatientNo;
use gateway_domain::resource::ResourceKey;
use gateway_ports::store::StoreError;

use crate::code::{self, CodeNumbers};
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, Value, args, row};
use crate::error::corrupt;
use crate::stored::{partial_date, partial_date_number};

/// A fact to be written.
pub(crate) struct FactRow<'a> {
    pub(crate) patient: PatientNo,
    pub(crate) key: ResourceKey,
    pub(crate) fact: &'a ReadFact,
}

impl FactRow<'_> {
    pub(crate) const NAMES: &'static str = "patient_no, resource_key, part, kind, codes, flags, start_at, end_at, value, unit, value_code, \
        encounter, text";

    pub(crate) const TYPES: &'static [Column] = &[
        Column::Integer,
        Column::Bytes,
        Column::Integer,
        Column::Integer,
        Column::Bytes,
        Column::Integer,
        Column::Integer,
        Column::Integer,
        Column::Real,
        Column::Integer,
        Column::Integer,
        Column::Bytes,
        Column::Text,
    ];

    /// Its codings, in the order in which [`FactRow::row`] takes their numbers.
    pub(crate) fn codings(&self) -> impl Iterator<Item = &Coding> {
        self.fact.codes.iter().chain(&self.fact.unit).chain(&self.fact.value_code).map(|it| &**it)
    }

    pub(crate) fn row(&self, codes: &mut CodeNumbers) -> Result<[Value; 13], StoreError> {
        let fact = self.fact;
        let mut packed = Vec::with_capacity(fact.codes.len() * 4);
        for _ in &fact.codes {
            packed.extend(codes.next()?.0.to_le_bytes());
        }
        let mut number = |coding: &Option<Arc<Coding>>| coding.as_ref().map(|_| codes.next().map(|code| code.0)).transpose();
        let (unit, value_code) = (number(&fact.unit)?, number(&fact.value_code)?);
        Ok(row![
            self.patient,
            self.key,
            fact.part,
            i64::from(fact.kind.number()),
            packed,
            fact.flags.0,
            fact.start.map(partial_date_number),
            fact.end.map(partial_date_number),
            fact.value.filter(|value| !value.is_nan()),
            unit,
            value_code,
            fact.encounter,
            fact.text.clone(),
        ])
    }
}

/// Loads the facts of these kinds into the records: for each patient one range of the table.
pub(crate) async fn load(
    session: &mut Session,
    records: &mut HashMap<PatientNo, ClinicalRecord>,
    kinds: FactKinds,
) -> Result<(), StoreError> {
    const WANTED: &[Column] = &[Column::Integer];
    let kinds: Vec<String> = FactKind::ALL.into_iter().filter(|kind| kinds.has(*kind)).map(|kind| kind.number().to_string()).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    let mut numbers: Vec<PatientNo> = records.keys().copied().collect();
    numbers.sort_unstable();
    let rows = session
        .all_rows(
            &format!(
                "WITH wanted (no) AS ({{rows}}) SELECT f.patient_no, f.resource_key, f.part, f.kind, f.codes, f.flags, \
                 f.start_at, f.end_at, f.value, f.unit, f.value_code, f.encounter FROM wanted w CROSS JOIN fact f \
                 WHERE f.patient_no = w.no AND f.kind IN ({})",
                kinds.join(", ")
            ),
            Rows::of(WANTED, numbers.into_iter().map(Value::from)),
        )
        .await?;
    for row in &rows {
        if let Some(record) = records.get_mut(&PatientNo(row.get(0)?)) {
            record.facts.push(fact(row)?);
        }
    }
    Ok(())
}

fn fact(row: &Row) -> Result<Fact, StoreError> {
    let start: Option<i64> = row.get(6)?;
    let end: Option<i64> = row.get(7)?;
    let packed: Vec<u8> = row.get(4)?;
    Ok(Fact {
        key: FactKey { resource: row.resource_key(1)?, part: part(row.get(2)?)? },
        kind: kind(row.get(3)?)?,
        codes: unpack_codes(&packed),
        flags: FactFlags::from_bits_retain(flag_bits(row.get(5)?)?),
        start: start.map(partial_date).transpose()?,
        end: end.map(partial_date).transpose()?,
        value: row.get(8)?,
        unit: code_id(row.get(9)?)?,
        value_code: code_id(row.get(10)?)?,
        encounter: encounter(row.get(11)?)?,
    })
}

/// A patient's facts in words, newest first.
pub(crate) async fn described(session: &mut Session, patient: PatientNo) -> Result<Vec<DescribedFact>, StoreError> {
    let rows = session
        .all(
            "SELECT f.patient_no, f.resource_key, f.part, f.kind, f.codes, f.flags, f.start_at, f.end_at, f.value, f.unit, \
             f.value_code, f.encounter, f.text, r.fhir_id, t.name FROM fact f \
             JOIN resource r ON r.patient_no = f.patient_no AND r.resource_key = f.resource_key \
             JOIN resource_type t ON t.no = r.type_no WHERE f.patient_no = $1 \
             ORDER BY coalesce(f.start_at, f.end_at, -9223372036854775807) DESC, f.resource_key, f.part",
            args![patient],
        )
        .await?;
    let facts = rows.iter().map(fact).collect::<Result<Vec<_>, _>>()?;
    let mut codes = BTreeSet::new();
    for fact in &facts {
        codes.extend(fact.codes.iter().chain(&fact.unit).chain(&fact.value_code));
    }
    let known: HashMap<CodeId, Coding> = code::codings(session, codes).await?.into_iter().collect();
    rows.iter()
        .zip(facts)
        .map(|(row, fact)| {
            let coding = |code: Option<CodeId>| code.and_then(|code| known.get(&code).cloned());
            Ok(DescribedFact {
                key: fact.key,
                resource_type: row.text("name")?,
                fhir_id: row.text("fhir_id")?,
                kind: fact.kind,
                codes: fact.codes.iter().filter_map(|code| known.get(code).cloned()).collect(),
                text: row.get("text")?,
                flags: FactFlagBits::from(fact.flags),
                start: fact.start,
                end: fact.end,
                value: fact.value,
                unit: coding(fact.unit),
                value_code: coding(fact.value_code),
            })
        })
        .collect()
}

pub(crate) fn unpack_codes(packed: &[u8]) -> Vec<CodeId> {
    let (codes, _) = packed.as_chunks::<4>();
    codes.iter().map(|code| CodeId(u32::from_le_bytes(*code))).collect()
}

pub(crate) fn kind(number: i64) -> Result<FactKind, StoreError> {
    u8::try_from(number).ok().and_then(FactKind::from_number).ok_or_else(|| corrupt("fact", "its kind is not known"))
}

fn part(number: i64) -> Result<u16, StoreError> {
    u16::try_from(number).map_err(|_| corrupt("fact", "its part is out of range"))
}

fn flag_bits(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| corrupt("fact", "its flags are out of range"))
}

fn code_id(number: Option<i64>) -> Result<Option<CodeId>, StoreError> {
    number.map(|number| u32::try_from(number).map(CodeId).map_err(|_| corrupt("fact", "a code is out of range"))).transpose()
}

fn encounter(bytes: Option<Vec<u8>>) -> Result<Option<ResourceKey>, StoreError> {
    bytes.map(|bytes| crate::database::sixteen(&bytes).map(ResourceKey)).transpose()
}

//! Patients, and the reading side of everything that hangs on them.

use std::collections::HashMap;

use async_trait::async_trait;
use gateway_domain::account::Account;
use gateway_domain::care_team::CareTeam;
use gateway_domain::code::{CodeId, Coding};
use gateway_domain::columns::ClinicalRecord;
use gateway_domain::fact::{DescribedFact, FactKinds};
use gateway_domain::ids::{PatientId, PatientNo, SourceId, SourceNo};
use gateway_domain::patient::{Patient, PatientFilter, Sex};
use gateway_domain::projection::ReadPatient;
use gateway_ports::store::patients::Responsible;
use gateway_ports::store::{Page, PageRequest, PatientStore, StoreError};
use jiff::Timestamp;

use crate::Store;
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, Value, args};
use crate::error::missing;
use crate::page::{limit, offset, sort_key};
use crate::stored::{day_number, from_json, from_name, name_of, partial_date, partial_date_number, to_json};
use crate::{account, code, fact, person, resource};

/// The stored name of [`gateway_domain::patient::RecordStatus::Referenced`].
pub(crate) const STATUS_REFERENCED: &str = "referenced";

/// Words of a search that are looked at; more of them narrow it no further.
const MOST_WORDS: usize = 8;

pub(crate) const PATIENT: &str = "p.id, p.no, s.id AS source_id, p.fhir_id, p.status, p.replaced_by, p.demographics, p.data_quality, p.updated_at \
    FROM patient p JOIN source s ON s.no = p.source_no";

/// A patient as written: the document, and the columns read out of it.
#[derive(Clone)]
pub(crate) struct PatientColumns {
    status: String,
    replaced_by: Option<String>,
    family_sort: String,
    given_sort: String,
    name: String,
    name_search: String,
    identifier_search: String,
    birth: Option<i64>,
    birth_day: Option<i64>,
    sex: i64,
    deceased: bool,
    managing_organization: Option<String>,
    demographics: String,
    data_quality: String,
}

impl PatientColumns {
    pub(crate) const NAMES: &'static str = "id, source_no, fhir_id, status, replaced_by, family_sort, given_sort, name, name_search, \
        identifier_search, birth, birth_day, sex, deceased, managing_organization, demographics, data_quality, updated_at";

    pub(crate) const OVERWRITE: &'static str = "status = excluded.status, replaced_by = excluded.replaced_by, \
        family_sort = excluded.family_sort, given_sort = excluded.given_sort, name = excluded.name, \
        name_search = excluded.name_search, identifier_search = excluded.identifier_search, birth = excluded.birth, \
        birth_day = excluded.birth_day, sex = excluded.sex, deceased = excluded.deceased, \
        managing_organization = excluded.managing_organization, demographics = excluded.demographics, \
        data_quality = excluded.data_quality, updated_at = excluded.updated_at";

    pub(crate) const TYPES: &'static [Column] = &[
        Column::Bytes,
        Column::Integer,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Integer,
        Column::Integer,
        Column::Integer,
        Column::Integer,
        Column::Text,
        Column::Text,
        Column::Text,
        Column::Integer,
    ];

    pub(crate) fn of(patient: &ReadPatient) -> Result<Self, StoreError> {
        let person = &patient.demographics;
        let names = person.given.iter().chain(&person.family);
        Ok(Self {
            status: name_of(&patient.status)?,
            replaced_by: patient.replaced_by.clone(),
            family_sort: sort_key(person.family.as_deref().unwrap_or_default()),
            given_sort: sort_key(&person.given.join(" ")),
            name: person.display_name(),
            name_search: names.map(|name| name.to_lowercase()).collect::<Vec<_>>().join(" "),
            identifier_search: person
                .identifiers
                .iter()
                .flat_map(|identifier| ["\n", identifier.value.as_str()])
                .chain(["\n"])
                .collect::<String>()
                .to_lowercase(),
            birth: person.birth.map(partial_date_number),
            birth_day: person.birth.map(|birth| day_number(birth.first_day())),
            sex: i64::from(person.sex.number()),
            deceased: person.deceased.is_presumed(),
            managing_organization: person.managing_organization.clone(),
            demographics: to_json("demographics", person)?,
            data_quality: to_json("data quality", &patient.data_quality)?,
        })
    }

    pub(crate) fn row(self, id: PatientId, source: SourceNo, fhir_id: &str, now: Timestamp) -> Vec<Value> {
        args![
            id.as_uuid(),
            source,
            fhir_id,
            self.status,
            self.replaced_by,
            self.family_sort,
            self.given_sort,
            self.name,
            self.name_search,
            self.identifier_search,
            self.birth,
            self.birth_day,
            self.sex,
            self.deceased,
            self.managing_organization,
            self.demographics,
            self.data_quality,
            now,
        ]
    }
}

#[async_trait]
impl PatientStore for Store {
    async fn patients(&self, filter: &PatientFilter, page: PageRequest) -> Result<Page<Patient>, StoreError> {
        let mut session = self.database.read().await?;
        let total = session
            .one(&format!("SELECT count(*) AS total FROM patient p WHERE {}", condition(filter)), filter_values(filter)?)
            .await?
            .count("total")?;
        let mut values = filter_values(filter)?;
        let last = values.len();
        values.extend(args![limit(page), offset(page)]);
        let rows = session
            .all(
                &format!(
                    "SELECT {PATIENT} WHERE {} ORDER BY p.family_sort, p.given_sort, p.id LIMIT ${} OFFSET ${}",
                    condition(filter),
                    last + 1,
                    last + 2
                ),
                values,
            )
            .await?;
        let items = rows.iter().map(patient).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn patient(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {PATIENT} WHERE p.id = $1"), args![id.as_uuid()]).await?;
        row.as_ref().map(patient).transpose()
    }

    async fn patient_by_no(&self, no: PatientNo) -> Result<Option<Patient>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {PATIENT} WHERE p.no = $1"), args![no]).await?;
        row.as_ref().map(patient).transpose()
    }

    async fn patient_by_fhir_id(&self, source: &str, fhir_id: &str) -> Result<Option<Patient>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {PATIENT} WHERE s.name = $1 AND p.fhir_id = $2"), args![source, fhir_id]).await?;
        row.as_ref().map(patient).transpose()
    }

    async fn clinical_records(&self, patients: &[PatientNo], kinds: FactKinds) -> Result<Vec<ClinicalRecord>, StoreError> {
        const WANTED: &[Column] = &[Column::Integer];
        let mut session = self.database.read().await?;
        let rows = session
            .all_rows(
                "WITH wanted (no) AS ({rows}) SELECT p.no, p.birth, p.sex, p.deceased, p.person_no FROM wanted w \
                 CROSS JOIN patient p WHERE p.no = w.no AND p.status IN ('active', 'referenced')",
                Rows::of(WANTED, patients.iter().map(|no| (*no).into())),
            )
            .await?;
        let mut records = HashMap::with_capacity(rows.len());
        let mut linked: Vec<(PatientNo, i64)> = Vec::new();
        for row in &rows {
            let patient = PatientNo(row.get(0)?);
            if let Some(person) = row.get::<Option<i64>, _>(4)? {
                linked.push((patient, person));
                continue;
            }
            let birth: Option<i64> = row.get(1)?;
            let record = ClinicalRecord {
                patient,
                birth: birth.map(partial_date).transpose()?,
                sex: Sex::from_number(u8::try_from(row.integer("sex")?).unwrap_or(0)),
                deceased: row.flag("deceased")?,
                facts: Vec::new(),
            };
            records.insert(patient, record);
        }
        fact::load(&mut session, &mut records, kinds).await?;
        if !linked.is_empty() {
            pool(&mut session, &linked, kinds, &mut records).await?;
        }
        Ok(patients.iter().filter_map(|no| records.remove(no)).collect())
    }

    async fn facts(&self, patient: PatientId) -> Result<Vec<DescribedFact>, StoreError> {
        let mut session = self.database.read().await?;
        let Some(no) = find_no(&mut session, patient).await? else {
            return Ok(Vec::new());
        };
        fact::described(&mut session, no).await
    }

    async fn responsible(&self, patient: PatientId) -> Result<Responsible, StoreError> {
        let mut session = self.database.read().await?;
        account::responsible(&mut session, patient).await
    }

    async fn care_teams(&self, patient: PatientId) -> Result<Vec<CareTeam>, StoreError> {
        let mut session = self.database.read().await?;
        let Some(no) = find_no(&mut session, patient).await? else {
            return Ok(Vec::new());
        };
        account::care_teams(&mut session, no).await
    }

    async fn accounts(&self, text: Option<&str>, page: PageRequest) -> Result<Page<Account>, StoreError> {
        let mut session = self.database.read().await?;
        account::accounts(&mut session, text, page).await
    }

    async fn raw_resource(&self, patient: PatientId, resource_type: &str, fhir_id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut session = self.database.read().await?;
        resource::raw(&mut session, patient, resource_type, fhir_id).await
    }

    async fn intern_codes(&self, codings: &[Coding]) -> Result<Vec<CodeId>, StoreError> {
        code::intern_all(self, codings).await
    }

    async fn codings(&self, codes: &[CodeId]) -> Result<Vec<(CodeId, Coding)>, StoreError> {
        let mut session = self.database.read().await?;
        code::codings(&mut session, codes.iter().copied().collect()).await
    }

    async fn patient_numbers_after(&self, after: Option<PatientNo>, limit: u32) -> Result<Vec<PatientNo>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(
                "SELECT no FROM patient WHERE no > $1 AND status <> 'referenced' ORDER BY no LIMIT $2",
                args![after.unwrap_or(PatientNo(0)), limit],
            )
            .await?;
        rows.iter().map(|row| row.integer("no").map(PatientNo)).collect()
    }

    async fn patient_count(&self) -> Result<u64, StoreError> {
        let mut session = self.database.read().await?;
        session.one("SELECT count(*) AS total FROM patient WHERE status <> 'referenced'", args![]).await?.count("total")
    }
}

/// Adds the records of persons with several: what all of them say and all their facts, under the one that is written to.
async fn pool(
    session: &mut Session,
    linked: &[(PatientNo, i64)],
    kinds: FactKinds,
    records: &mut HashMap<PatientNo, ClinicalRecord>,
) -> Result<(), StoreError> {
    let persons = person::clinical(session, linked).await?;
    let of_one = |patient| ClinicalRecord { patient, birth: None, sex: Sex::Unknown, deceased: false, facts: Vec::new() };
    let mut parts: HashMap<PatientNo, ClinicalRecord> =
        persons.iter().flat_map(|(_, counted)| counted.iter().map(|no| (*no, of_one(*no)))).collect();
    fact::load(session, &mut parts, kinds).await?;
    for (mut record, counted) in persons {
        for no in counted {
            record.facts.extend(parts.remove(&no).map(|part| part.facts).unwrap_or_default());
        }
        records.insert(record.patient, record);
    }
    Ok(())
}

/// The number of a patient.
pub(crate) async fn find_no(session: &mut Session, id: PatientId) -> Result<Option<PatientNo>, StoreError> {
    session
        .optional("SELECT no FROM patient WHERE id = $1", args![id.as_uuid()])
        .await?
        .map(|row| row.integer("no").map(PatientNo))
        .transpose()
}

/// The number of a patient that must be there, its row locked until the transaction ends.
pub(crate) async fn lock(session: &mut Session, id: PatientId) -> Result<PatientNo, StoreError> {
    session
        .optional("SELECT no FROM patient WHERE id = $1 FOR UPDATE", args![id.as_uuid()])
        .await?
        .ok_or_else(|| missing("patient", id))?
        .integer("no")
        .map(PatientNo)
}

pub(crate) fn patient(row: &Row) -> Result<Patient, StoreError> {
    Ok(Patient {
        id: PatientId::from_uuid(row.uuid("id")?),
        no: PatientNo(row.integer("no")?),
        source: SourceId::from_uuid(row.uuid("source_id")?),
        fhir_id: row.text("fhir_id")?,
        status: from_name("record status", row.text("status")?)?,
        replaced_by: row.get("replaced_by")?,
        demographics: from_json("demographics", &row.text("demographics")?)?,
        data_quality: from_json("data quality", &row.text("data_quality")?)?,
        updated_at: row.time("updated_at")?,
    })
}

fn words(filter: &PatientFilter) -> impl Iterator<Item = &str> {
    filter.text.as_deref().unwrap_or_default().split_whitespace().take(MOST_WORDS)
}

/// The condition of a filter; its values are [`filter_values`].
fn condition(filter: &PatientFilter) -> String {
    let mut conditions = vec!["($1 IS NULL OR p.birth_day = $1)".to_owned(), "($2 IS NULL OR p.status = $2)".to_owned()];
    for (place, _) in words(filter).enumerate() {
        let first = 3 + place * 4;
        conditions.push(format!(
            "(p.name_search LIKE ${first} ESCAPE '\\' OR p.identifier_search LIKE ${} ESCAPE '\\' \
             OR p.fhir_id = ${} OR p.id = ${})",
            first + 1,
            first + 2,
            first + 3
        ));
    }
    conditions.join(" AND ")
}

fn filter_values(filter: &PatientFilter) -> Result<Vec<Value>, StoreError> {
    let status = filter.status.as_ref().map(name_of).transpose()?;
    let mut values = args![filter.born_on.map(day_number), status];
    for word in words(filter) {
        let pattern = escape_like(&word.to_lowercase());
        let id = word.parse::<PatientId>().ok().map(|id| id.as_uuid().as_bytes().to_vec());
        values.extend(args![format!("%{pattern}%"), format!("%\n{pattern}\n%"), word, id]);
    }
    Ok(values)
}

/// A text that stands for itself in a `LIKE` with `\` as its escape.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

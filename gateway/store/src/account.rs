//! Accounts, practitioners and care teams.

use std::collections::HashMap;

use gateway_domain::account::{Account, AccountDetails};
use gateway_domain::care_team::CareTeam;
use gateway_domain::ids::{AccountId, PatientId, PatientNo, PractitionerId, SourceId, SourceNo};
use gateway_domain::patient::Demographics;
use gateway_domain::practitioner::PractitionerDetails;
use gateway_domain::projection::ReadResource;
use gateway_domain::resource::ResourceKey;
use gateway_ports::store::patients::Responsible;
use gateway_ports::store::{Page, PageRequest, StoreError};
use jiff::Timestamp;

use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::entropy::EntropySequence;
use crate::page::{limit, offset, sort_key};
use crate::patient::escape_like;
use crate::stored::{from_json, to_json};

/// Accounts by name, with how many patients each manages.
pub(crate) async fn accounts(session: &mut Session, text: Option<&str>, page: PageRequest) -> Result<Page<Account>, StoreError> {
    let pattern = format!("%{}%", escape_like(&text.unwrap_or_default().to_lowercase()));
    let total = session
        .one("SELECT count(*) AS total FROM account WHERE name_sort LIKE $1 ESCAPE '\\'", args![pattern.as_str()])
        .await?
        .count("total")?;
    let rows = session
        .all(
            "SELECT a.id, s.id AS source_id, a.fhir_id, a.details, (SELECT count(*) FROM patient p \
             WHERE p.source_no = a.source_no AND p.managing_organization = a.fhir_id) AS patients \
             FROM account a JOIN source s ON s.no = a.source_no WHERE a.name_sort LIKE $1 ESCAPE '\\' \
             ORDER BY a.name_sort, a.id LIMIT $2 OFFSET $3",
            args![pattern, limit(page), offset(page)],
        )
        .await?;
    let items = rows
        .iter()
        .map(|row| {
            Ok(Account {
                id: AccountId::from_uuid(row.uuid("id")?),
                source: SourceId::from_uuid(row.uuid("source_id")?),
                fhir_id: row.text("fhir_id")?,
                details: from_json("account", &row.text("details")?)?,
                patients: row.count("patients")?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Page { items, total })
}

/// Writes accounts over what was known of them.
pub(crate) async fn write_accounts<'a>(
    session: &mut Session,
    source: SourceNo,
    accounts: impl Iterator<Item = (&'a ReadResource, &'a AccountDetails)>,
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<(), StoreError> {
    const ACCOUNT: &[Column] = &[Column::Bytes, Column::Bytes, Column::Integer, Column::Text, Column::Text, Column::Text];
    let mut rows = Rows::new(ACCOUNT);
    for (resource, details) in accounts {
        rows.push(args![
            resource.key,
            AccountId::new(now, entropy.draw()).as_uuid(),
            source,
            resource.fhir_id.as_str(),
            sort_key(&details.name),
            to_json("account", details)?,
        ]);
    }
    session
        .execute_rows(
            "INSERT INTO account (resource_key, id, source_no, fhir_id, name_sort, details) {rows} \
             ON CONFLICT (resource_key) DO UPDATE SET name_sort = excluded.name_sort, details = excluded.details",
            rows,
        )
        .await?;
    Ok(())
}

/// Writes practitioners over what was known of them.
pub(crate) async fn write_practitioners<'a>(
    session: &mut Session,
    source: SourceNo,
    practitioners: impl Iterator<Item = (&'a ReadResource, &'a PractitionerDetails)>,
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<(), StoreError> {
    const PRACTITIONER: &[Column] = &[Column::Bytes, Column::Bytes, Column::Integer, Column::Text, Column::Text];
    let mut rows = Rows::new(PRACTITIONER);
    for (resource, details) in practitioners {
        rows.push(args![
            resource.key,
            PractitionerId::new(now, entropy.draw()).as_uuid(),
            source,
            resource.fhir_id.as_str(),
            to_json("practitioner", details)?,
        ]);
    }
    session
        .execute_rows(
            "INSERT INTO practitioner (resource_key, id, source_no, fhir_id, details) {rows} \
             ON CONFLICT (resource_key) DO UPDATE SET details = excluded.details",
            rows,
        )
        .await?;
    Ok(())
}

/// A patient's care teams; members without a name get the one the model has.
pub(crate) async fn care_teams(session: &mut Session, patient: PatientNo) -> Result<Vec<CareTeam>, StoreError> {
    let source = session.optional("SELECT source_no FROM patient WHERE no = $1", args![patient]).await?;
    let Some(source) = source.map(|row| row.integer("source_no")).transpose()?.map(SourceNo) else {
        return Ok(Vec::new());
    };
    let rows = session.all("SELECT document FROM care_team WHERE patient_no = $1 ORDER BY resource_key", args![patient]).await?;
    let mut teams = rows.iter().map(|row| from_json("care team", &row.text("document")?)).collect::<Result<Vec<CareTeam>, _>>()?;
    let nameless: Vec<(String, ResourceKey)> = teams
        .iter()
        .flat_map(|team| &team.members)
        .filter(|member| member.name.is_none())
        .filter_map(|member| member.reference.clone())
        .filter_map(|reference| {
            let (resource_type, fhir_id) = reference.split_once('/')?;
            let key = ResourceKey::of(source, resource_type, fhir_id);
            Some((reference, key))
        })
        .collect();
    let names = names(session, &nameless).await?;
    for member in teams.iter_mut().flat_map(|team| &mut team.members) {
        if member.name.is_none() {
            member.name = member.reference.as_ref().and_then(|reference| names.get(reference).cloned());
        }
    }
    Ok(teams)
}

/// Who a patient belongs to, as far as the model has them.
pub(crate) async fn responsible(session: &mut Session, patient: PatientId) -> Result<Responsible, StoreError> {
    let row = session.optional("SELECT source_no, demographics FROM patient WHERE id = $1", args![patient.as_uuid()]).await?;
    let Some(row) = row else {
        return Ok(Responsible::default());
    };
    let source = SourceNo(row.integer("source_no")?);
    let person: Demographics = from_json("demographics", &row.text("demographics")?)?;
    let managing_account = match person.managing_organization {
        Some(fhir_id) => {
            let key = ResourceKey::of(source, "Organization", &fhir_id);
            let row = session.optional("SELECT id, details FROM account WHERE resource_key = $1", args![key]).await?;
            row.map(|row| {
                let details: AccountDetails = from_json("account", &row.text("details")?)?;
                Ok::<_, StoreError>((AccountId::from_uuid(row.uuid("id")?), details.name))
            })
            .transpose()?
        }
        None => None,
    };
    // The reference's type is not kept: a general practitioner is a person or an organization.
    let wanted: Vec<(String, ResourceKey)> = person
        .general_practitioners
        .iter()
        .flat_map(|id| ["Practitioner", "Organization"].map(|kind| (id.clone(), ResourceKey::of(source, kind, id))))
        .collect();
    let names = names(session, &wanted).await?;
    let general_practitioners = person.general_practitioners.iter().filter_map(|id| names.get(id).cloned()).collect();
    Ok(Responsible { managing_account, general_practitioners })
}

async fn names(session: &mut Session, wanted: &[(String, ResourceKey)]) -> Result<HashMap<String, String>, StoreError> {
    const WANTED: &[Column] = &[Column::Bytes];
    let keys = || Rows::of(WANTED, wanted.iter().map(|(_, key)| (*key).into()));
    let mut by_key: HashMap<ResourceKey, String> = HashMap::new();
    let people = session
        .all_rows(
            "WITH wanted (resource_key) AS ({rows}) SELECT p.resource_key, p.details FROM wanted w \
             CROSS JOIN practitioner p WHERE p.resource_key = w.resource_key",
            keys(),
        )
        .await?;
    for row in &people {
        let details: PractitionerDetails = from_json("practitioner", &row.text("details")?)?;
        by_key.insert(row.resource_key(0)?, details.name);
    }
    let organizations = session
        .all_rows(
            "WITH wanted (resource_key) AS ({rows}) SELECT a.resource_key, a.details FROM wanted w \
             CROSS JOIN account a WHERE a.resource_key = w.resource_key",
            keys(),
        )
        .await?;
    for row in &organizations {
        let details: AccountDetails = from_json("account", &row.text("details")?)?;
        by_key.insert(row.resource_key(0)?, details.name);
    }
    Ok(wanted.iter().filter_map(|(reference, key)| Some((reference.clone(), by_key.get(key)?.clone()))).collect())
}

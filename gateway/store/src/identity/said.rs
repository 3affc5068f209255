//! What records say that can make them another's: links, and identifiers of trusted systems.

use std::collections::{BTreeMap, BTreeSet};

use gateway_domain::identity::{IdentityRules, LinkKind, MOST_HOLDERS, RecordLink};
use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::patient::Demographics;
use gateway_domain::resource::ContentHash;
use gateway_ports::store::StoreError;

use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::stored::{from_name, name_of};

/// What a changed record says.
pub(crate) struct Said {
    pub(crate) patient: PatientNo,
    pub(crate) source: SourceNo,
    pub(crate) links: BTreeSet<RecordLink>,
    pub(crate) keys: BTreeSet<[u8; 16]>,
}

impl Said {
    pub(crate) fn of(
        patient: PatientNo,
        source: SourceNo,
        links: &[RecordLink],
        demographics: &Demographics,
        rules: &IdentityRules,
    ) -> Self {
        let identifiers = rules.linking(&demographics.identifiers);
        Self { patient, source, links: links.iter().cloned().collect(), keys: identifiers.iter().map(key).collect() }
    }
}

/// What stands for an identifier in the index.
pub(super) fn key((system, value): &(String, String)) -> [u8; 16] {
    ContentHash::of([system.as_bytes(), &[0], value.as_bytes()]).0
}

const PATIENT: &[Column] = &[Column::Integer];

/// Writes what differs from before. All patients are answered, with those that had an identifier in common with them and no longer do.
pub(super) async fn write(session: &mut Session, said: &[Said]) -> Result<BTreeSet<PatientNo>, StoreError> {
    let mut seeds: BTreeSet<PatientNo> = said.iter().map(|said| said.patient).collect();
    let (links, keys) = (links_of(session, &seeds).await?, keys_of(session, &seeds).await?);
    let (no_links, no_keys) = (BTreeSet::new(), BTreeSet::new());
    let mut old_links = Rows::new(&[Column::Integer, Column::Text, Column::Text]);
    let mut new_links = Rows::new(&[Column::Integer, Column::Text, Column::Text, Column::Integer]);
    let mut old_keys = Rows::new(&[Column::Bytes, Column::Integer]);
    let mut new_keys = Rows::new(&[Column::Bytes, Column::Integer]);
    let mut left: BTreeSet<[u8; 16]> = BTreeSet::new();
    for said in said {
        let (had_links, had_keys) = (links.get(&said.patient).unwrap_or(&no_links), keys.get(&said.patient).unwrap_or(&no_keys));
        for link in had_links.difference(&said.links) {
            old_links.push(args![said.patient, name_of(&link.kind)?, link.other.clone().unwrap_or_default()]);
        }
        for link in said.links.difference(had_links) {
            new_links.push(args![said.patient, name_of(&link.kind)?, link.other.clone().unwrap_or_default(), said.source]);
        }
        for key in had_keys.difference(&said.keys) {
            left.insert(*key);
            old_keys.push(args![key.to_vec(), said.patient]);
        }
        for key in said.keys.difference(had_keys) {
            new_keys.push(args![key.to_vec(), said.patient]);
        }
    }
    seeds.extend(holders(session, &left).await?.into_iter().map(|(_, patient)| patient));
    session
        .execute_rows(
            "WITH old (patient_no, kind, other) AS ({rows}) DELETE FROM patient_link \
             WHERE (patient_no, kind, other) IN (SELECT patient_no, kind, other FROM old)",
            old_links,
        )
        .await?;
    session.execute_rows("INSERT INTO patient_link (patient_no, kind, other, source_no) {rows} ON CONFLICT DO NOTHING", new_links).await?;
    session
        .execute_rows(
            "WITH old (key, patient_no) AS ({rows}) DELETE FROM patient_identifier \
             WHERE (key, patient_no) IN (SELECT key, patient_no FROM old)",
            old_keys,
        )
        .await?;
    session.execute_rows("INSERT INTO patient_identifier (key, patient_no) {rows} ON CONFLICT DO NOTHING", new_keys).await?;
    Ok(seeds)
}

/// Links of patients.
pub(crate) async fn links_of(
    session: &mut Session,
    patients: &BTreeSet<PatientNo>,
) -> Result<BTreeMap<PatientNo, BTreeSet<RecordLink>>, StoreError> {
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT l.patient_no, l.kind, l.other FROM wanted w \
             CROSS JOIN patient_link l WHERE l.patient_no = w.no",
            Rows::of(PATIENT, patients.iter().map(|no| (*no).into())),
        )
        .await?;
    let mut links: BTreeMap<PatientNo, BTreeSet<RecordLink>> = BTreeMap::new();
    for row in &rows {
        let other = row.text("other")?;
        let kind: LinkKind = from_name("link", row.text("kind")?)?;
        let link = RecordLink { kind, other: (!other.is_empty()).then_some(other) };
        links.entry(PatientNo(row.get(0)?)).or_default().insert(link);
    }
    Ok(links)
}

async fn keys_of(session: &mut Session, patients: &BTreeSet<PatientNo>) -> Result<BTreeMap<PatientNo, BTreeSet<[u8; 16]>>, StoreError> {
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT i.patient_no, i.key FROM wanted w \
             CROSS JOIN patient_identifier i WHERE i.patient_no = w.no",
            Rows::of(PATIENT, patients.iter().map(|no| (*no).into())),
        )
        .await?;
    let mut keys: BTreeMap<PatientNo, BTreeSet<[u8; 16]>> = BTreeMap::new();
    for row in &rows {
        keys.entry(PatientNo(row.get(0)?)).or_default().insert(row.resource_key(1)?.0);
    }
    Ok(keys)
}

/// Holders of one value that are looked at. Of more of them only so many that the value is seen to be nobody's, and those that belong
/// to a person with several records, which they have to leave.
const MOST_LOOKED_AT: i64 = 32;

/// Who holds these identifiers.
pub(super) async fn holders(session: &mut Session, keys: &BTreeSet<[u8; 16]>) -> Result<Vec<([u8; 16], PatientNo)>, StoreError> {
    const KEY: &[Column] = &[Column::Bytes];
    let rows = |keys: &[[u8; 16]]| Rows::of(KEY, keys.iter().map(|key| key.to_vec().into()));
    let all: Vec<[u8; 16]> = keys.iter().copied().collect();
    let counted = session
        .all_rows(
            "WITH wanted (key) AS ({rows}) SELECT i.key, count(*) AS holders FROM wanted w \
             CROSS JOIN patient_identifier i WHERE i.key = w.key GROUP BY i.key",
            rows(&all),
        )
        .await?;
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for row in &counted {
        let key = row.resource_key(0)?.0;
        if row.integer("holders")? <= MOST_LOOKED_AT { few.push(key) } else { many.push(key) }
    }
    let mut found = session
        .all_rows(
            "WITH wanted (key) AS ({rows}) SELECT i.key, i.patient_no FROM wanted w \
             CROSS JOIN patient_identifier i WHERE i.key = w.key",
            rows(&few),
        )
        .await?;
    found.extend(
        session
            .all_rows(
                "WITH wanted (key) AS ({rows}) SELECT i.key, i.patient_no FROM wanted w \
                 CROSS JOIN patient_identifier i JOIN patient p ON p.no = i.patient_no \
                 WHERE i.key = w.key AND p.person_no IS NOT NULL",
                rows(&many),
            )
            .await?,
    );
    for key in many {
        found.extend(
            session
                .all(
                    "SELECT key, patient_no FROM patient_identifier WHERE key = $1 ORDER BY patient_no LIMIT $2",
                    args![key.to_vec(), MOST_HOLDERS as u64 + 1],
                )
                .await?,
        );
    }
    found.iter().map(|row| Ok((row.resource_key(0)?.0, PatientNo(row.get(1)?)))).collect()
}

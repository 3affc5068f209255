//! Raw resources and their types.

use std::collections::HashMap;

use gateway_domain::ids::{PatientId, SourceNo};
use gateway_ports::store::StoreError;

use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::error::corrupt;
use crate::raw_body::unpack;

/// Numbers of the types met in a batch.
#[derive(Default)]
pub(crate) struct TypeNumbers(HashMap<String, Option<i64>>);

impl TypeNumbers {
    pub(crate) fn want(&mut self, name: &str) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), None);
        }
    }

    pub(crate) async fn resolve(&mut self, session: &mut Session, source: SourceNo) -> Result<(), StoreError> {
        const TYPE: &[Column] = &[Column::Integer, Column::Text];
        self.read(session, source).await?;
        let mut rows = Rows::new(TYPE);
        for (name, number) in &self.0 {
            if number.is_none() {
                rows.push(args![source, name.as_str()]);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        session.execute_rows("INSERT INTO resource_type (source_no, name) {rows} ON CONFLICT (source_no, name) DO NOTHING", rows).await?;
        self.read(session, source).await
    }

    pub(crate) fn get(&self, name: &str) -> Result<i64, StoreError> {
        self.0.get(name).copied().flatten().ok_or_else(|| corrupt("resource type", "it has no number"))
    }

    async fn read(&mut self, session: &mut Session, source: SourceNo) -> Result<(), StoreError> {
        let rows = session.all("SELECT no, name FROM resource_type WHERE source_no = $1", args![source]).await?;
        for row in &rows {
            if let Some(number) = self.0.get_mut(&row.text("name")?) {
                *number = Some(row.integer("no")?);
            }
        }
        Ok(())
    }
}

/// The raw JSON of a resource of a patient; `None` where it is not there or deleted.
pub(crate) async fn raw(
    session: &mut Session,
    patient: PatientId,
    resource_type: &str,
    fhir_id: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(place) = session.optional("SELECT no, source_no FROM patient WHERE id = $1", args![patient.as_uuid()]).await? else {
        return Ok(None);
    };
    let source = SourceNo(place.integer("source_no")?);
    let key = gateway_domain::resource::ResourceKey::of(source, resource_type, fhir_id);
    session
        .optional(
            "SELECT encoding, raw FROM resource WHERE patient_no = $1 AND resource_key = $2 AND deleted = 0",
            args![place.integer("no")?, key],
        )
        .await?
        .map(|row| unpack(row.integer("encoding")?, row.get("raw")?))
        .transpose()
}

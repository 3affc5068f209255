//! `outreach identity`: which records are one person's, looked at and decided.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use gateway_domain::audit::AuditAction;
use gateway_domain::identity::StaffDecision;
use gateway_domain::ids::{PatientId, SourceId};
use gateway_domain::patient::Patient;
use gateway_domain::person::Person;
use gateway_ports::store::identity::{Decided, NewDecision};
use gateway_ports::store::{IdentityStore as _, PageRequest, PatientStore as _, SourceStore as _};
use serde_json::{Value, json};

use crate::cli::IdentityCommand;
use crate::config::Config;
use crate::progress::{say, table};
use crate::wiring::{COMMAND_LINE, Parts, identity};

/// Does what the command line asks.
///
/// # Errors
/// Where there is no such record or decision, what is asked for can't hold, or the database does not answer.
pub(crate) async fn run(command: IdentityCommand, config: &Config, parts: &Parts) -> anyhow::Result<()> {
    identity::adopt_and_relink(parts, config).await?;
    match command {
        IdentityCommand::Questions { limit, json } => questions(parts, limit, json).await,
        IdentityCommand::Decisions { limit, json } => decisions(parts, limit, json).await,
        IdentityCommand::Show { patient, json } => show(parts, patient.parse()?, json).await,
        IdentityCommand::Join { record, other, reason } => {
            decide(parts, record.parse()?, vec![other.parse()?], StaffDecision::Same, reason).await
        }
        IdentityCommand::Part { record, from, reason } => {
            let record: PatientId = record.parse()?;
            let others = if from.is_empty() {
                let person = find(parts, record).await?;
                let no = person.records.iter().find(|its| its.patient.id == record).map(|its| its.patient.no);
                no.map(|no| person.can_be_parted_from(no)).unwrap_or_default().into_iter().filter_map(|no| person.id_of(no)).collect()
            } else {
                from.iter().map(|id| id.parse()).collect::<Result<Vec<_>, _>>()?
            };
            if others.is_empty() {
                bail!("`{record}` has no other record it can be parted from: it is alone, or its source merged the others with it");
            }
            decide(parts, record, others, StaffDecision::Different, reason).await
        }
        IdentityCommand::Undo { one, other } => {
            let (one, other): (PatientId, PatientId) = (one.parse()?, other.parse()?);
            for id in [one, other] {
                must_be_there(parts, id).await?;
            }
            note(parts, AuditAction::Update, [(one, format!("take back {other}")), (other, format!("take back {one}"))]).await?;
            let taken_back = parts.store.take_back_identity(one, other, parts.clock.now()).await?;
            taken_back.with_context(|| format!("nothing was decided about `{one}` and `{other}`"))?;
            say("The decision is taken back; the rules alone count for these records again. Opt-outs stay with both.");
            Ok(())
        }
    }
}

async fn decide(parts: &Parts, record: PatientId, others: Vec<PatientId>, decision: StaffDecision, reason: String) -> anyhow::Result<()> {
    let word = if decision == StaffDecision::Same { "same" } else { "different" };
    for id in others.iter().chain([&record]) {
        must_be_there(parts, *id).await?;
    }
    if others.contains(&record) {
        bail!("`{record}` is named twice");
    }
    let named = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    note(parts, AuditAction::Update, [(record, format!("{word} {named}"))]).await?;
    note(parts, AuditAction::Update, others.iter().map(|other| (*other, format!("{word} {record}")))).await?;
    let new = NewDecision { record, others, decision, by: COMMAND_LINE.to_owned(), reason };
    match parts.store.decide_identity(&new, parts.clock.now()).await? {
        Decided::Holds(_) if decision == StaffDecision::Same => {
            say("They are one person now. Whoever asked at any of the records not to be written to is not written to.");
        }
        Decided::Holds(_) => say("They are parted. Opt-outs stay with all of them, and the rules will not join them again."),
        Decided::MergedBySource => bail!("their source merged these records, so only the source can part them; undo the merge there"),
        Decided::KeptApart => {
            bail!(
                "an earlier decision says that other records of these two are not one person's; take it back first (`outreach identity undo`)"
            )
        }
    }
    Ok(())
}

async fn must_be_there(parts: &Parts, id: PatientId) -> anyhow::Result<()> {
    parts.store.patient(id).await?.map(drop).with_context(|| format!("there is no patient record `{id}`"))
}

async fn find(parts: &Parts, id: PatientId) -> anyhow::Result<Person> {
    parts.store.person(id).await?.with_context(|| format!("there is no patient record `{id}`"))
}

/// Whatever is shown of a patient, the audit knows before.
async fn note(parts: &Parts, action: AuditAction, patients: impl IntoIterator<Item = (PatientId, String)>) -> anyhow::Result<()> {
    parts.audit(action, "outreach identity", patients.into_iter().map(|(patient, detail)| (Some(patient), detail))).await
}

async fn source_names(parts: &Parts) -> anyhow::Result<BTreeMap<SourceId, String>> {
    Ok(parts.store.sources().await?.into_iter().map(|source| (source.id, source.name)).collect())
}

fn record(patient: &Patient, sources: &BTreeMap<SourceId, String>) -> Value {
    json!({
        "id": patient.id.to_string(),
        "name": patient.demographics.display_name(),
        "birth_date": patient.demographics.birth.map(|birth| birth.first_day().to_string()),
        "source": sources.get(&patient.source),
        "fhir_id": patient.fhir_id,
        "status": patient.status,
    })
}

/// Fields of a record as a row of a table.
fn cells(record: &Value) -> Vec<String> {
    ["id", "name", "birth_date", "source", "fhir_id", "status"]
        .iter()
        .map(|key| record.get(*key).and_then(Value::as_str).unwrap_or_default().to_owned())
        .collect()
}

async fn questions(parts: &Parts, limit: u32, as_json: bool) -> anyhow::Result<()> {
    let page = parts.store.identity_questions(PageRequest { offset: 0, limit }).await?;
    let sources = source_names(parts).await?;
    let shown = page.items.iter().flat_map(|item| [Some(&item.one), item.other.as_ref()]).flatten();
    note(parts, AuditAction::Search, shown.map(|patient| (patient.id, "questions".to_owned()))).await?;
    if as_json {
        let items: Vec<Value> = page
            .items
            .iter()
            .map(|item| {
                let records = [Some(&item.one), item.other.as_ref()].into_iter().flatten();
                json!({
                    "kind": item.kind, "text": item.kind.sentence(), "system": item.system, "for_staff": item.kind.is_for_staff(),
                    "since": item.since, "records": records.map(|patient| record(patient, &sources)).collect::<Vec<_>>(),
                })
            })
            .collect();
        say(json!({ "items": items, "total": page.total }).to_string());
        return Ok(());
    }
    if page.items.is_empty() {
        say("Nothing is open.");
    }
    for item in &page.items {
        let todo = if item.kind.is_for_staff() { "" } else { " This is put right in the source." };
        say(format!("{}{}{todo}", item.kind.sentence(), item.system.as_ref().map_or_else(String::new, |system| format!(" ({system})"))));
        let records: Vec<_> = [Some(&item.one), item.other.as_ref()].into_iter().flatten().map(|it| cells(&record(it, &sources))).collect();
        table(&["ID", "NAME", "BORN", "SOURCE", "RECORD", "STATUS"], &records);
        say("");
    }
    if page.total > page.items.len() as u64 {
        say(format!("{} of {}.", page.items.len(), page.total));
    }
    Ok(())
}

async fn decisions(parts: &Parts, limit: u32, as_json: bool) -> anyhow::Result<()> {
    let page = parts.store.identity_decisions(PageRequest { offset: 0, limit }).await?;
    let ids = page.items.iter().flat_map(|item| [item.one, item.other]);
    note(parts, AuditAction::Search, ids.map(|id| (id, "decisions".to_owned()))).await?;
    let one = |item: &gateway_domain::person::IdentityDecision| {
        json!({
            "one": item.one, "other": item.other, "decision": item.decision, "by": item.by, "reason": item.reason, "at": item.at,
        })
    };
    let items: Vec<Value> = page.items.iter().map(one).collect();
    if as_json {
        say(json!({ "items": items, "total": page.total }).to_string());
        return Ok(());
    }
    let row = |item: &Value| {
        let keys = ["one", "other", "decision", "by", "at", "reason"];
        keys.iter().map(|key| item.get(*key).and_then(Value::as_str).unwrap_or_default().to_owned()).collect()
    };
    table(&["ONE", "OTHER", "DECISION", "BY", "AT", "REASON"], &items.iter().map(row).collect::<Vec<Vec<String>>>());
    Ok(())
}

async fn show(parts: &Parts, id: PatientId, as_json: bool) -> anyhow::Result<()> {
    let person = find(parts, id).await?;
    let sources = source_names(parts).await?;
    note(parts, AuditAction::Read, person.records.iter().map(|its| (its.patient.id, "person".to_owned()))).await?;
    let text_of = |no| person.id_of(no).map(|id| id.to_string());
    let pairs = person.links.iter().flat_map(|((a, b), reasons)| reasons.iter().map(move |reason| (*a, *b, reason)));
    let links: Vec<Value> =
        pairs.map(|(a, b, reason)| json!({ "one": text_of(a), "other": text_of(b), "why": reason, "text": reason.sentence() })).collect();
    let records: Vec<Value> = person.records.iter().map(|its| record(&its.patient, &sources)).collect();
    let golden: Vec<Value> = person
        .golden
        .provenance
        .iter()
        .map(|from| json!({ "field": from.field, "record": text_of(from.record), "since": from.since }))
        .collect();
    if as_json {
        let primary = person.primary.and_then(text_of);
        say(json!({
            "primary": primary, "trouble": person.trouble.map(gateway_domain::identity::Trouble::sentence), "records": records,
            "links": links, "golden": golden,
        })
        .to_string());
        return Ok(());
    }
    table(&["ID", "NAME", "BORN", "SOURCE", "RECORD", "STATUS"], &records.iter().map(cells).collect::<Vec<_>>());
    match (person.trouble, person.primary.and_then(text_of)) {
        (Some(trouble), _) => say(trouble.sentence()),
        (None, Some(primary)) => say(format!("Written to by {primary}.")),
        (None, None) => say("No record of this person may be written to."),
    }
    for link in &links {
        let part = |key: &str| link.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        say(format!("{} and {}: {}", part("one"), part("other"), part("text")));
    }
    Ok(())
}

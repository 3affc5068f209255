//! The audit is only ever added to.

use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::ids::{AuditId, PatientId};
use gateway_ports::store::{AuditStore, PageRequest};

use crate::fixture::{Fixture, after, entropy, now};

on_both! { the_newest_line_comes_first, the_database_refuses_to_change_the_audit }

fn entry(patient: Option<PatientId>, seconds: i64) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(now(), entropy()),
        at: after(seconds),
        actor: Actor::User("usr_1".into()),
        action: AuditAction::Read,
        object: "patient".into(),
        patient,
        allowed: true,
        detail: String::new(),
    }
}

async fn the_newest_line_comes_first(fixture: Fixture) {
    let patient = PatientId::new(now(), entropy());
    let entries = [entry(None, 1), entry(Some(patient), 2), entry(None, 3)];
    fixture.audit(&entries).await.unwrap();
    let all = fixture.audit_entries(None, PageRequest::default()).await.unwrap();
    assert_eq!((all.total, all.items[0].clone()), (3, entries[2].clone()));
    let of_one = fixture.audit_entries(Some(patient), PageRequest::default()).await.unwrap();
    assert_eq!(of_one.items, [entries[1].clone()]);
}

async fn the_database_refuses_to_change_the_audit(fixture: Fixture) {
    fixture.audit(&[entry(None, 1)]).await.unwrap();
    for sql in ["UPDATE audit SET object = 'nothing'", "DELETE FROM audit"] {
        let refused = fixture.execute_raw(sql).await;
        assert!(refused.unwrap_err().contains("the audit is only added to"), "{sql}");
    }
    assert_eq!(fixture.audit_entries(None, PageRequest::default()).await.unwrap().total, 1);
}

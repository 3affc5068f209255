//! Sources as the configuration gives them, and opening a database.

use gateway_domain::ids::SourceId;
use gateway_ports::store::{AuditStore, SourceStore};

use crate::fixture::{Fixture, entropy, now};

on_both! { a_source_keeps_its_number_when_its_address_changes, migrating_twice_does_nothing }

async fn a_source_keeps_its_number_when_its_address_changes(fixture: Fixture) {
    let first = fixture.source().await;
    let again = fixture.put_source(SourceId::new(now(), entropy()), "main", "https://new.example.org").await.unwrap();
    assert_eq!((again.id, again.no, again.base_url.as_str()), (first.id, first.no, "https://new.example.org"));
    assert_eq!(fixture.sources().await.unwrap(), [again]);
    assert_eq!(fixture.source_by_name("other").await.unwrap(), None);
}

async fn migrating_twice_does_nothing(fixture: Fixture) {
    fixture.migrate().await.unwrap();
    fixture.ping().await.unwrap();
}

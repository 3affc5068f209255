//! Promise R7: no send passes the gate after a refusal is committed.

use gateway_domain::consent::ConsentDecision;
use gateway_domain::gate::{GatePolicy, Verdict};
use gateway_domain::ids::{MessageId, PatientId, SubscriptionListId};
use gateway_domain::subscription_list::{ListKind, SubscriptionList};
use gateway_ports::store::journeys::{Advance, NewMessage};
use gateway_ports::store::{ConsentStore, JourneyStore, MessageStore, StoreError};
use gateway_store::Store;
use tokio::sync::oneshot;

use super::journeys::{advance_of, enter, message};
use super::messages::prepared;
use crate::fixture::{Fixture, entropy, now};
use crate::given::{consent, journey};

on_both! {
    no_send_passes_after_a_refusal_is_committed,
    decisions_are_added_and_read_back_in_order,
    a_list_keeps_its_kind,
}

const PAIRS: u32 = 1000;

async fn no_send_passes_after_a_refusal_is_committed(fixture: Fixture) {
    let (_, event) = enter(&fixture, journey("screening", None)).await;
    let messages: Vec<NewMessage> = (0..PAIRS).map(|occurrence| NewMessage { occurrence, ..message(now()) }).collect();
    let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
    fixture.advance(&Advance { messages, ..advance_of(&event) }, now()).await.unwrap();
    let patient = fixture.patient_id("a").await;
    let policy = GatePolicy { per_day: PAIRS + 1, per_week: PAIRS + 1, ..GatePolicy::default() };
    let mut sent = 0;
    for (round, id) in ids.into_iter().enumerate() {
        // The person comes back before each round, so that each message could go.
        let permit = consent(ConsentDecision::Permit, crate::fixture::after(round as i64 * 2));
        fixture.record_consent(patient, &permit).await.unwrap();
        let deny = consent(ConsentDecision::Deny, crate::fixture::after(round as i64 * 2 + 1));
        let (committed, mut is_committed) = oneshot::channel();
        let refusing = tokio::spawn(refuse(fixture.clone_store(), patient, deny, committed));
        let store = fixture.clone_store();
        let policy = policy.clone();
        let sending = tokio::spawn(async move {
            if round % 2 == 1 {
                tokio::task::yield_now().await;
            }
            let refused_before = is_committed.try_recv().is_ok();
            (refused_before, store.pass_gate(id, Ok(&prepared()), &policy, now()).await.unwrap())
        });
        refusing.await.unwrap();
        let (refused_before, verdict) = sending.await.unwrap();
        let passed = matches!(verdict, Some(Verdict::Send(_)));
        assert!(!(refused_before && passed), "round {round}: sent after the refusal was committed");
        sent += u32::from(passed);
        if passed {
            continue;
        }
        let after = fixture.message(id).await.unwrap().unwrap().message;
        assert!(after.status.is_final(), "round {round}: {:?}", after.status);
    }
    assert!(sent < PAIRS, "the race was never lost, so it was no race");
}

async fn refuse(store: Store, patient: PatientId, deny: gateway_domain::consent::Consent, committed: oneshot::Sender<()>) {
    store.record_consent(patient, &deny).await.unwrap();
    let _ = committed.send(());
}

async fn decisions_are_added_and_read_back_in_order(fixture: Fixture) {
    enter(&fixture, journey("screening", None)).await;
    let patient = fixture.patient_id("a").await;
    let later = consent(ConsentDecision::Permit, crate::fixture::after(10));
    let earlier = consent(ConsentDecision::Deny, now());
    for decision in [&later, &earlier, &earlier] {
        fixture.record_consent(patient, decision).await.unwrap();
    }
    assert_eq!(fixture.consents(patient).await.unwrap(), [earlier, later.clone()]);
    let nobody = PatientId::new(now(), entropy());
    assert!(matches!(fixture.record_consent(nobody, &later).await, Err(StoreError::Missing { .. })));
}

async fn a_list_keeps_its_kind(fixture: Fixture) {
    let list = |title: &str, kind| SubscriptionList {
        id: SubscriptionListId::new(now(), entropy()),
        key: "news".into(),
        title: title.into(),
        description: String::new(),
        kind,
        created_at: now(),
    };
    let first = fixture.put_subscription_list(&list("News", ListKind::OptIn)).await.unwrap();
    let second = fixture.put_subscription_list(&list("All the news", ListKind::OptOut)).await.unwrap();
    assert_eq!((second.id, second.kind, second.title.as_str()), (first.id, ListKind::OptIn, "All the news"));
    assert_eq!(fixture.subscription_lists().await.unwrap(), [second]);
}

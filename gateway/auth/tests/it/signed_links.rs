//! Links in messages: good for what they were made for, for years, and for nothing else.

use gateway_auth::signed_link::{LinkError, LinkKeyRing, LinkPurpose, PayloadTooLong};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

const PURPOSES: [LinkPurpose; 4] = [LinkPurpose::Unsubscribe, LinkPurpose::Click, LinkPurpose::Preferences, LinkPurpose::ViewInBrowser];

fn ring(seed: u64) -> LinkKeyRing {
    LinkKeyRing::generate(&mut StdRng::seed_from_u64(seed))
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn purpose() -> impl Strategy<Value = LinkPurpose> {
    prop::sample::select(PURPOSES.to_vec())
}

proptest! {
    #[test]
    fn token_gives_its_payload_back_for_its_purpose_alone(
        payload in prop::collection::vec(any::<u8>(), 0..=256), made in purpose(), used in purpose(), rotations in 0_usize..3,
    ) {
        let mut ring = ring(1);
        let token = ring.sign(made, &payload, None).unwrap();
        prop_assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        for _ in 0..rotations {
            ring.rotate(&mut StdRng::seed_from_u64(2));
        }
        let expected = if made == used { Ok(payload) } else { Err(LinkError::Purpose) };
        prop_assert_eq!(ring.verify(used, &token, now()), expected);
    }

    #[test]
    fn no_changed_token_is_accepted(payload in prop::collection::vec(any::<u8>(), 1..40), place: prop::sample::Index, to in "[A-Za-z0-9_-]") {
        let ring = ring(1);
        let token = ring.sign(LinkPurpose::Click, &payload, None).unwrap();
        let place = place.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(place..=place, &to);
        prop_assume!(changed != token);
        prop_assert_eq!(ring.verify(LinkPurpose::Click, &changed, now()), Err(LinkError::Invalid));
    }

    #[test]
    fn malformed_tokens_never_panic(token in "[A-Za-z0-9_=-]{0,500}|\\PC{0,60}", purpose in purpose()) {
        prop_assert_eq!(ring(1).verify(purpose, &token, now()), Err(LinkError::Invalid));
    }
}

#[test]
fn links_of_another_ring_are_not_ours() {
    let token = ring(1).sign(LinkPurpose::Click, b"x", None).unwrap();
    assert_eq!(ring(2).verify(LinkPurpose::Click, &token, now()), Err(LinkError::Invalid));
}

#[test]
fn only_unsubscribing_never_expires() {
    let ring = ring(1);
    let later = now() + SignedDuration::from_hours(24 * 365 * 20);
    for purpose in PURPOSES {
        let token = ring.sign(purpose, b"x", Some(now())).unwrap();
        let before = now() - SignedDuration::from_secs(1);
        assert_eq!(ring.verify(purpose, &token, before), Ok(b"x".to_vec()));
        let expected = if purpose == LinkPurpose::Unsubscribe { Ok(b"x".to_vec()) } else { Err(LinkError::Expired) };
        for time in [now(), later] {
            assert_eq!(ring.verify(purpose, &token, time), expected);
        }
    }
}

#[test]
fn long_payloads_are_refused() {
    assert_eq!(ring(1).sign(LinkPurpose::Click, &[0; 257], None), Err(PayloadTooLong));
}

#[test]
fn ring_in_a_file_keeps_old_links_good_through_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("link-keys.json");
    let mut random = StdRng::seed_from_u64(3);
    let mut ring = LinkKeyRing::load_or_create(&path, &mut random).unwrap();
    let old = ring.sign(LinkPurpose::Click, b"old", None).unwrap();
    ring.rotate(&mut random);
    ring.save(&path).unwrap();
    let read = LinkKeyRing::load_or_create(&path, &mut random).unwrap();
    let new = ring.sign(LinkPurpose::Click, b"new", None).unwrap();
    assert_eq!(read.verify(LinkPurpose::Click, &old, now()), Ok(b"old".to_vec()));
    assert_eq!(read.verify(LinkPurpose::Click, &new, now()), Ok(b"new".to_vec()));

    std::fs::write(&path, "{}").unwrap();
    assert!(LinkKeyRing::load_or_create(&path, &mut random).is_err());
}

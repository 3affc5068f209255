//! The patient pages, as people, mail programs and scanners use them.

use gateway_auth::signed_link::{LinkKeyRing, LinkPurpose};
use gateway_domain::consent::{ConsentChannel, ConsentDecision};
use gateway_domain::interaction::InteractionKind;
use gateway_ports::store::{ConsentStore as _, MessageStore as _};
use http::{Method, StatusCode, header};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::world::{FAMILY, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn looking_at_the_page_changes_nothing_and_leaving_twice_is_recorded_once() {
    let world = World::new().await;
    let path = format!("/p/unsubscribe/{}", world.token(LinkPurpose::Unsubscribe));
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = world.send(method, &path, &[], "").await;
        assert_eq!(page.status, StatusCode::OK);
    }
    assert_eq!(world.store.consents(world.patient).await.unwrap(), []);
    for _ in 0..2 {
        let done = world.send(Method::POST, &path, &[FORM, ("origin", "https://mail.example")], "List-Unsubscribe=One-Click").await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        assert!(done.text.contains("No recibirá más correos"), "{}", done.text);
    }
    let consents = world.store.consents(world.patient).await.unwrap();
    assert_eq!(consents.len(), 1);
    let refusal = &consents[0];
    assert_eq!((refusal.decision, refusal.through), (ConsentDecision::Deny, ConsentChannel::OneClick));
    assert_eq!((refusal.medium.as_deref(), refusal.purpose, &refusal.list), (Some("email"), None, &None));
    assert_eq!(refusal.evidence, format!("{}, text 1 es", world.message));
}

#[tokio::test]
async fn the_button_of_the_page_leaves_too() {
    let world = World::new().await;
    let path = format!("/p/unsubscribe/{}", world.token(LinkPurpose::Unsubscribe));
    assert_eq!(world.send(Method::POST, &path, &[FORM], "leave=yes").await.status, StatusCode::OK);
    let consents = world.store.consents(world.patient).await.unwrap();
    assert_eq!(consents[0].through, ConsentChannel::PreferencePage);
}

#[tokio::test]
async fn preferences_are_saved_by_the_button_alone() {
    let world = World::new().await;
    let path = format!("/p/preferences/{}", world.token(LinkPurpose::Preferences));
    let page = world.send(Method::GET, &path, &[], "").await;
    assert!(page.text.contains("name=\"email\" value=\"yes\" aria-describedby=\"email-hint\" checked"), "{}", page.text);
    assert!(page.text.contains("care-reminders &amp; more"));
    for nothing_chosen in ["", "email=yes", "list-newsletter=yes"] {
        assert_eq!(world.send(Method::POST, &path, &[FORM], nothing_chosen).await.status, StatusCode::OK);
    }
    assert_eq!(world.store.consents(world.patient).await.unwrap(), []);
    let chosen = "email=yes&list-newsletter=yes&save=yes";
    for _ in 0..2 {
        assert_eq!(world.send(Method::POST, &path, &[FORM], chosen).await.status, StatusCode::OK);
    }
    let consents = world.store.consents(world.patient).await.unwrap();
    let said: Vec<_> = consents.iter().map(|consent| (consent.list.as_deref(), consent.decision)).collect();
    assert_eq!(said, [(Some("care-reminders"), ConsentDecision::Deny), (Some("newsletter"), ConsentDecision::Permit)]);
}

#[tokio::test]
async fn a_link_leads_to_its_stored_target_and_a_scanners_look_is_no_click() {
    let world = World::new().await;
    let token = world.token(LinkPurpose::Click);
    let clicks = async || world.store.interactions(world.patient, 10).await.unwrap();
    let looked = world.send(Method::HEAD, &format!("/p/c/{token}/0"), &[], "").await;
    assert_eq!(looked.status, StatusCode::FOUND);
    assert_eq!(clicks().await, []);
    let followed = world.send(Method::GET, &format!("/p/c/{token}/0"), &[], "").await;
    assert_eq!(followed.status, StatusCode::FOUND);
    assert_eq!(followed.headers[header::LOCATION], "https://hospital.example/book");
    assert_eq!(followed.headers[header::REFERRER_POLICY], "no-referrer");
    let noted = clicks().await;
    assert_eq!((noted.len(), noted[0].kind, noted[0].link), (1, InteractionKind::Clicked, Some(0)));
    for nowhere in ["1", "2", "-1", "x", "99999999999"] {
        let answer = world.send(Method::GET, &format!("/p/c/{token}/{nowhere}"), &[], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
    assert_eq!(clicks().await.len(), 1);
}

#[tokio::test]
async fn a_forged_foreign_or_broken_token_is_a_friendly_404() {
    let world = World::new().await;
    let others = LinkKeyRing::generate(&mut StdRng::seed_from_u64(99));
    let forged = others.sign(LinkPurpose::Unsubscribe, world.message.as_uuid().as_bytes(), None).unwrap();
    let of_nobody = world.links.sign(LinkPurpose::Unsubscribe, &[7; 16], None).unwrap();
    let of_a_text = world.links.sign(LinkPurpose::Unsubscribe, b"msg_1", None).unwrap();
    let mut altered = world.token(LinkPurpose::Unsubscribe);
    altered.replace_range(20..21, if altered.as_bytes()[20] == b'A' { "B" } else { "A" });
    for token in [forged, of_nobody, of_a_text, altered, world.token(LinkPurpose::Click), "%3Cscript%3E".into(), "A".repeat(5_000)] {
        for method in [Method::GET, Method::POST] {
            let page = world.send(method, &format!("/p/unsubscribe/{token}"), &[("accept-language", "es")], "").await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{token}");
            assert!(page.text.contains("Este enlace no funciona") && !page.text.contains("<script"), "{}", page.text);
        }
    }
    assert_eq!(world.store.consents(world.patient).await.unwrap(), []);
    assert_eq!(world.send(Method::GET, "/p/nowhere", &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_are_small_strict_and_name_nobody() {
    let world = World::new().await;
    let style = world.send(Method::GET, "/p/style.css", &[], "").await;
    for (purpose, page) in [(LinkPurpose::Unsubscribe, "unsubscribe"), (LinkPurpose::Preferences, "preferences")] {
        let page = world.send(Method::GET, &format!("/p/{page}/{}", world.token(purpose)), &[], "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.len() + style.text.len() < 30_000);
        assert!(page.text.contains("<html lang=\"es\">"));
        assert!(page.text.contains("St. Brigid&#39;s &lt;Hospital&gt;"), "{}", page.text);
        for never in ["<script", "http://", "https://", "Ada", FAMILY, "Mammography", "pat_", "msg_"] {
            assert!(!page.text.contains(never), "{never}: {}", page.text);
        }
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(page.headers["x-robots-tag"], "noindex");
    }
}

#[tokio::test]
async fn our_public_keys_are_where_other_servers_look() {
    let world = World::new().await;
    let keys = world.send(Method::GET, "/.well-known/jwks.json", &[], "").await;
    assert_eq!((keys.status, keys.text.as_str()), (StatusCode::OK, "{\"keys\":[]}"));
}

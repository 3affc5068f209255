//! Users, sessions and tokens.

use gateway_domain::ids::{ApiTokenId, UserId};
use gateway_domain::user::{ApiToken, Role, Session, User};
use gateway_ports::store::{StoreError, UserStore};

use crate::fixture::{Fixture, after, entropy, now};

on_both! {
    an_address_is_taken_once,
    a_session_ends_by_time_by_password_and_by_being_disabled,
    a_token_ends_with_its_time_and_its_user,
}

async fn user(fixture: &Fixture) -> User {
    let user = User {
        id: UserId::new(now(), entropy()),
        email: "grace@example.org".into(),
        name: "Grace".into(),
        role: Role::Clinician,
        disabled: false,
        created_at: now(),
    };
    fixture.add_user(&user, "hash 1").await.unwrap();
    user
}

async fn an_address_is_taken_once(fixture: Fixture) {
    let user = user(&fixture).await;
    let again = fixture.add_user(&User { id: UserId::new(now(), entropy()), ..user.clone() }, "hash").await;
    assert!(matches!(again, Err(StoreError::Conflict { what: "user", .. })), "{again:?}");
    assert_eq!(fixture.user_by_email("grace@example.org").await.unwrap(), Some((user.clone(), "hash 1".into())));
    fixture.set_role(user.id, Role::Auditor).await.unwrap();
    assert_eq!(fixture.user(user.id).await.unwrap().unwrap().role, Role::Auditor);
    assert_eq!(fixture.users().await.unwrap().len(), 1);
    let nobody = fixture.set_role(UserId::new(now(), entropy()), Role::Auditor).await;
    assert!(matches!(nobody, Err(StoreError::Missing { .. })), "{nobody:?}");
}

async fn a_session_ends_by_time_by_password_and_by_being_disabled(fixture: Fixture) {
    let user = user(&fixture).await;
    let begin = |hash: u8| Session { token_hash: [hash; 32], user: user.id, created_at: now(), used_at: now() };
    fixture.add_session(&begin(1)).await.unwrap();
    assert!(fixture.session(&[1; 32], after(800)).await.unwrap().is_some());
    assert_eq!(fixture.session(&[1; 32], after(1600)).await.unwrap().unwrap().0.used_at, after(800), "the use was noted");
    assert!(fixture.session(&[1; 32], after(3000)).await.unwrap().is_none(), "idle");
    fixture.set_password(user.id, "hash 2").await.unwrap();
    assert!(fixture.session(&[1; 32], now()).await.unwrap().is_none(), "a new password");
    fixture.add_session(&begin(2)).await.unwrap();
    fixture.set_disabled(user.id, true).await.unwrap();
    fixture.set_disabled(user.id, false).await.unwrap();
    assert!(fixture.session(&[2; 32], now()).await.unwrap().is_none(), "disabled in between");
    fixture.add_session(&begin(3)).await.unwrap();
    fixture.end_session(&[3; 32]).await.unwrap();
    assert!(fixture.session(&[3; 32], now()).await.unwrap().is_none(), "signed out");
}

async fn a_token_ends_with_its_time_and_its_user(fixture: Fixture) {
    let user = user(&fixture).await;
    let token = ApiToken {
        id: ApiTokenId::new(now(), entropy()),
        user: user.id,
        name: "export".into(),
        created_at: now(),
        expires_at: Some(after(100)),
    };
    fixture.add_api_token(&token, &[7; 32]).await.unwrap();
    assert_eq!(fixture.api_token(&[7; 32], now()).await.unwrap(), Some((token.clone(), user.clone())));
    assert_eq!(fixture.api_token(&[7; 32], after(100)).await.unwrap(), None);
    fixture.set_disabled(user.id, true).await.unwrap();
    assert_eq!(fixture.api_token(&[7; 32], now()).await.unwrap(), None);
    assert_eq!(fixture.api_tokens(user.id).await.unwrap(), std::slice::from_ref(&token));
    fixture.end_api_token(token.id).await.unwrap();
    assert_eq!(fixture.api_tokens(user.id).await.unwrap(), []);
}

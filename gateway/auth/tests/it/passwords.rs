//! Passwords.

use gateway_auth::password::{PasswordCheck, PasswordError, PasswordParameters, Passwords};
use rand::{SeedableRng, rngs::StdRng};

#[tokio::test]
async fn right_password_matches_and_old_parameters_ask_for_a_new_hash() {
    let mut random = StdRng::seed_from_u64(1);
    let passwords = Passwords::new(PasswordParameters::for_testing()).unwrap();
    let stored = passwords.hash("correct horse".to_owned().into(), &mut random).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{stored}");
    let again = passwords.hash("correct horse".to_owned().into(), &mut random).await.unwrap();
    assert_ne!(stored, again);

    let check = async |passwords: &Passwords, password: &str, stored: Option<&String>| {
        passwords.check(password.to_owned().into(), stored.cloned()).await.unwrap()
    };
    assert_eq!(check(&passwords, "correct horse", Some(&stored)).await, PasswordCheck::Match { rehash: false });
    assert_eq!(check(&passwords, "correct hors", Some(&stored)).await, PasswordCheck::NoMatch);
    assert_eq!(check(&passwords, "correct horse", None).await, PasswordCheck::NoMatch);

    let stronger = Passwords::new(PasswordParameters { passes: 2, ..PasswordParameters::for_testing() }).unwrap();
    assert_eq!(check(&stronger, "correct horse", Some(&stored)).await, PasswordCheck::Match { rehash: true });
}

#[tokio::test]
async fn damaged_hashes_and_endless_passwords_are_errors() {
    let passwords = Passwords::new(PasswordParameters::for_testing()).unwrap();
    let outcome = passwords.check("x".to_owned().into(), Some("$argon2id$nonsense".to_owned())).await;
    assert!(matches!(outcome, Err(PasswordError::Hash { .. })), "{outcome:?}");
    let outcome = passwords.check("x".repeat(2_000).into(), None).await;
    assert_eq!(outcome, Err(PasswordError::TooLong));
    let impossible = PasswordParameters { memory: 0, ..PasswordParameters::for_testing() };
    assert!(matches!(Passwords::new(impossible), Err(PasswordError::Parameters { .. })));
}

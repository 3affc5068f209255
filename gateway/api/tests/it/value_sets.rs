//! The builder finds value sets and codes by words, and everybody sees what a measure lacks before it is relied on.

use gateway_domain::user::Role;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

async fn get(world: &World, path: &str) -> Value {
    let cookie = world.sign_in(Role::Coordinator).await;
    let answer = world.get(&format!("/api/v1/terminology/{path}"), &cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn value_sets_are_found_by_words_and_oids() {
    let world = World::new().await;
    assert_eq!(get(&world, "value-sets").await["total"], json!(2));
    for q in ["mammo", "1.2.3", "GRAPHY%20mammo"] {
        let found = get(&world, &format!("value-sets?q={q}")).await;
        assert_eq!((&found["total"], &found["items"][0]["origin"]), (&json!(1), &json!("imported")), "{q}");
    }
    assert_eq!(get(&world, "value-sets?q=mammo%20x").await["total"], json!(0));
    let second = get(&world, "value-sets?offset=1&limit=1").await;
    assert_eq!((&second["total"], second["items"].as_array().unwrap().len()), (&json!(2), 1));
}

#[tokio::test]
async fn a_value_set_is_shown_by_each_of_its_names_with_the_codes_that_are_searched_for() {
    let world = World::new().await;
    for name in ["1.2.3", "urn:oid:1.2.3", "http%3A%2F%2Fcts.nlm.nih.gov%2Ffhir%2FValueSet%2F1.2.3"] {
        let set = get(&world, &format!("value-sets/{name}?q=screening")).await;
        assert_eq!((&set["title"], &set["codes"], &set["code_list"]["total"]), (&json!("Mammography"), &json!(2), &json!(1)), "{name}");
        assert_eq!(set["code_list"]["items"][0]["code"], json!("24606-6"));
    }
    let cookie = world.sign_in(Role::Coordinator).await;
    let answer = world.get("/api/v1/terminology/value-sets/9.9.9", &cookie).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_code_is_found_with_the_value_sets_that_have_it() {
    let world = World::new().await;
    let found = get(&world, "codes?q=breast%20mg").await;
    assert_eq!(found["total"], json!(2));
    let both = get(&world, "codes?q=24606").await;
    assert_eq!((&both["items"][0]["in_value_sets"], &both["items"][0]["value_sets"][1]["oid"]), (&json!(2), &json!("1.2.3")));
    assert_eq!(get(&world, "codes?q=24606&system=http%3A%2F%2Fsnomed.info%2Fsct").await["total"], json!(0));
    let cookie = world.sign_in(Role::Coordinator).await;
    let answer = world.get("/api/v1/terminology/codes?q=b", &cookie).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
}

#[tokio::test]
async fn what_a_measure_lacks_is_said_in_words() {
    let world = World::new().await;
    let needs = get(&world, "needs").await;
    let measure = &needs["items"][0];
    assert_eq!((&measure["kind"], &measure["key"], &measure["missing"]), (&json!("measure"), &json!("cms1"), &json!(1)));
    let standing: Vec<_> = measure["value_sets"].as_array().unwrap().iter().map(|it| it["standing"].as_str().unwrap()).collect();
    assert_eq!(standing, ["imported", "missing"]);
    assert!(measure["value_sets"][1]["reason"].as_str().unwrap().contains("outreach terminology import"));
}

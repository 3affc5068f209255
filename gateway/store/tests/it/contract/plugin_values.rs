//! What a plugin keeps is there in the next call, for it alone, and no more than it has room for.

use gateway_domain::plugin::PluginName;
use gateway_ports::store::PluginValueStore;

use crate::fixture::Fixture;

on_both! {
    what_a_plugin_keeps_is_there_again_for_it_alone,
    a_plugin_keeps_no_more_than_it_has_room_for,
}

fn named(name: &str) -> PluginName {
    PluginName::new(name).unwrap()
}

async fn what_a_plugin_keeps_is_there_again_for_it_alone(fixture: Fixture) {
    let (one, other) = (named("one"), named("other"));
    assert_eq!(fixture.plugin_value(&one, "a").await.unwrap(), None);
    for (key, value) in [("run/2", b"2".as_slice()), ("run/10", b"\0\xff"), ("Run/1", b""), ("x%", b"x")] {
        assert!(fixture.put_plugin_value(&one, key, value, 1_000).await.unwrap());
    }
    assert!(fixture.put_plugin_value(&one, "run/2", b"two", 1_000).await.unwrap());
    assert_eq!(fixture.plugin_value(&one, "run/2").await.unwrap(), Some(b"two".to_vec()));
    assert_eq!(fixture.plugin_value(&one, "run/10").await.unwrap(), Some(b"\0\xff".to_vec()));
    assert_eq!(fixture.plugin_value(&other, "run/2").await.unwrap(), None);
    // Ordered by their bytes, and nothing in a prefix means more than itself.
    assert_eq!(fixture.plugin_value_keys(&one, "", 10).await.unwrap(), ["Run/1", "run/10", "run/2", "x%"]);
    assert_eq!(fixture.plugin_value_keys(&one, "run/", 10).await.unwrap(), ["run/10", "run/2"]);
    assert_eq!(fixture.plugin_value_keys(&one, "", 1).await.unwrap(), ["Run/1"]);
    assert!(fixture.plugin_value_keys(&one, "%", 10).await.unwrap().is_empty());
    fixture.delete_plugin_value(&one, "run/2").await.unwrap();
    fixture.delete_plugin_value(&one, "never there").await.unwrap();
    assert_eq!(fixture.plugin_value(&one, "run/2").await.unwrap(), None);
}

async fn a_plugin_keeps_no_more_than_it_has_room_for(fixture: Fixture) {
    let (one, other) = (named("one"), named("other"));
    assert!(fixture.put_plugin_value(&one, "a", &[7; 9], 10).await.unwrap());
    // In the place of what was there it fits, beside it it does not, and what was there stays.
    assert!(fixture.put_plugin_value(&one, "a", &[8; 9], 10).await.unwrap());
    assert!(!fixture.put_plugin_value(&one, "a", &[9; 10], 10).await.unwrap());
    assert!(!fixture.put_plugin_value(&one, "b", &[], 10).await.unwrap());
    assert_eq!(fixture.plugin_value(&one, "a").await.unwrap(), Some(vec![8; 9]));
    assert!(fixture.put_plugin_value(&other, "b", &[1; 9], 10).await.unwrap());
}

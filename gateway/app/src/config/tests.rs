use rstest::rstest;

use super::*;

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read(text, "outreach.toml", [])
}

#[test]
fn the_shipped_defaults_are_a_configuration() {
    let config = read("").unwrap();
    assert_eq!(config.server.listen.port(), 8080);
    assert!(config.sources.is_empty());
    assert_eq!(config.gate.policy().unwrap(), gateway_domain::gate::GatePolicy::default(), "the file says what the code does");
}

#[rstest]
#[case("[server]\nlisten = 'here'", "listen")]
#[case("[server]\nport = 80", "port")]
#[case("[gate]\nopens = '20:00'", "gate.opens")]
#[case("[gate]\nfreshness = 'a while'", "gate.freshness")]
#[case("[gate]\ndefault_time_zone = 'Mars/Olympus'", "gate.default_time_zone")]
#[case("[hospital]\ntime_zone = 'EST5'", "hospital.time_zone")]
#[case("[mail]\nfrom = 'nobody'", "mail.from")]
#[case("[mail]\ntls = 'maybe'", "tls")]
#[case("[database]\nurl = 'mysql://x'", "database.url")]
#[case("[[source]]\nname = 'a'\nurl = 'ftp://x'", "source.url")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\n[[source]]\nname = 'a'\nurl = 'https://y'", "source.name")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\npoll = '0s'", "source.poll")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\n[source.auth]\nkind = 'magic'", "magic")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\nprofile = 'epics'", "us-core")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\nmapping_file = '/nowhere/own.toml'", "/nowhere/own.toml")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\n[source.push]\nkind = 'topic'", "source.push.topic")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\n[source.push]\ncriteria = ['Patient?']", "source.push.criteria")]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\n[source.push]\nkind = 'rest-hook'\npayload = 'id-only'", "source.push.payload")]
#[case(
    "[[source]]\nname = 'a'\nurl = 'https://x'\n[source.push]\nkind = 'rest-hook'\nendpoint = 'http://outreach.example.org'",
    "source.push.endpoint"
)]
#[case("[[source]]\nname = 'a'\nurl = 'https://x'\n[source.push]\nheartbeat = '10ms'", "source.push.heartbeat")]
#[case("[identity]\nsystems = ['name']", "identity.systems")]
#[case("[identity]\nsystems = ['http://']", "identity.systems")]
#[case("[identity]\nsystems = ['urn:ssn', 'urn:ssn']", "named twice")]
#[case("[identity]\norder = ['clinic']", "there is no source `clinic`; the configuration has: none")]
#[case("[identity]\norder = ['a', 'a']\n[[source]]\nname = 'a'", "named twice")]
#[case("[identity]\nsystem = 'urn:ssn'", "system")]
#[case("not toml", "outreach.toml")]
fn a_mistake_is_named(#[case] text: &str, #[case] named: &str) {
    let error = read(text).unwrap_err().to_string();
    assert!(error.contains(named), "{error}");
}

#[test]
fn the_environment_goes_over_the_file() {
    let environment = [
        ("OUTREACH__DATABASE__URL".to_owned(), "postgres://db/outreach".to_owned()),
        ("OUTREACH__TRACKING__CLICKS".to_owned(), "true".to_owned()),
    ];
    let config = Config::read("[database]\nurl = 'sqlite://x'", "outreach.toml", environment).unwrap();
    assert_eq!(config.database.url, "postgres://db/outreach");
    assert!(config.tracking.clicks);
}

#[test]
fn a_database_url_hides_itself() {
    let config = read("[database]\nurl = 'postgres://ada:secret@db/outreach'").unwrap();
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn a_mapping_file_goes_over_the_profile_and_a_mistake_in_it_is_told_with_file_place_and_expectation() {
    let folder = std::env::temp_dir().join(format!("outreach-mapping-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("our-epic.toml");
    let text = format!("[[source]]\nname = 'a'\nurl = 'https://x'\nprofile = 'epic'\nmapping_file = '{}'", file.display());
    std::fs::write(&file, "[search]\npage-size = 50").unwrap();
    let mapping = read(&text).unwrap().source("a").unwrap().mapping().unwrap();
    assert_eq!((mapping.title.as_str(), mapping.search.page_size), ("Epic", 50));
    std::fs::write(&file, "[gender]\nfrau = 'woman'").unwrap();
    let error = read(&text).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    for part in ["source.mapping_file", "our-epic.toml", "gender.frau", "expected one of female"] {
        assert!(error.contains(part), "{error}");
    }
}

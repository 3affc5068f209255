//! Folders of NDJSON, plain and compressed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use ehr_sandbox::Config;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::Value;

use crate::{client, get, quick, search_all, serve, text};

fn loading(folder: &Path) -> Config {
    Config { people: None, load: Some(folder.to_owned()), ..quick(0) }
}

#[tokio::test]
async fn a_folder_is_served_as_it_is_with_version_and_time_filled_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let patients = concat!(
        "{\"resourceType\":\"Patient\",\"id\":\"a\",\"x-score\":1.10,\"meta\":{\"versionId\":\"4\",\"lastUpdated\":\"2020-02-02T02:02:02Z\"}}\n",
        "\n",
        "this is not JSON\n",
        "{\"resourceType\":\"Patient\",\"id\":\"b\"}\r\n",
    );
    fs::write(folder.path().join("Patient.ndjson"), patients).expect("written");
    let mut packed = GzEncoder::new(File::create(folder.path().join("Observation.000.ndjson.gz")).expect("a file"), Compression::fast());
    packed
        .write_all(b"{\"resourceType\":\"Observation\",\"id\":\"o2\",\"subject\":{\"reference\":\"Patient/b\"}}\n{\"resourceType\":\"Observation\",\"id\":\"o1\",\"subject\":{\"reference\":\"Patient/a\"}}")
        .expect("written");
    packed.finish().expect("written");

    let sandbox = serve(loading(folder.path())).await;
    assert_eq!(sandbox.skipped_lines.0, 1);
    assert!(sandbox.skipped_lines.1.first().is_some_and(|reason| reason.contains("Patient.ndjson:3")));
    let raw = client().get(format!("{}/Patient/a", sandbox.base_url)).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(
        raw,
        "{\"resourceType\":\"Patient\",\"id\":\"a\",\"meta\":{\"versionId\":\"4\",\"lastUpdated\":\"2020-02-02T02:02:02Z\"},\"x-score\":1.10}"
    );
    let other = get(&format!("{}/Patient/b", sandbox.base_url)).await;
    assert_eq!(text(&other, "/meta/versionId"), "1");
    assert!(!text(&other, "/meta/lastUpdated").is_empty());
    let observations = search_all(&format!("{}/Observation", sandbox.base_url)).await;
    assert_eq!(observations.iter().map(|found| text(found, "/id")).collect::<Vec<_>>(), ["o1", "o2"], "not in patient order");
    let mut changed = other.clone();
    changed.as_object_mut().expect("an object").insert("gender".to_owned(), "male".into());
    assert_eq!(text(&sandbox.put(&changed).expect("written"), "/meta/versionId"), "2");
}

#[tokio::test]
async fn an_empty_folder_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let error = ehr_sandbox::start(loading(folder.path()), listener).await.err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.contains(".ndjson")));
}

/// The public Synthea data beside the repository, where it is there.
#[tokio::test]
async fn a_hundred_synthea_patients_are_served_whole() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/synthea-100");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for file in fs::read_dir(&folder).expect("a folder") {
        let path = file.expect("a file").path();
        let mut body = String::new();
        GzDecoder::new(File::open(&path).expect("a file")).read_to_string(&mut body).expect("gzip");
        for line in body.lines() {
            let value: Value = serde_json::from_str(line).expect("JSON");
            lines.entry(text(&value, "/resourceType").to_owned()).or_default().push(value);
        }
    }
    let sandbox = serve(loading(&folder)).await;
    assert_eq!(sandbox.skipped_lines.0, 0);
    let mut counts = sandbox.resource_counts();
    assert_eq!(counts.remove("Group"), Some(1));
    let expected: BTreeMap<String, u64> = lines.iter().map(|(kind, list)| (kind.clone(), list.len() as u64)).collect();
    assert_eq!(counts, expected);
    for kind in ["Patient", "Condition", "CareTeam", "Organization"] {
        let mut served = BTreeMap::new();
        for mut resource in search_all(&format!("{}/{kind}?_count=1000", sandbox.base_url)).await {
            resource.as_object_mut().and_then(|object| object.remove("meta")).expect("the server says version and time");
            served.insert(text(&resource, "/id").to_owned(), resource);
        }
        let mut loaded = BTreeMap::new();
        for mut resource in lines.remove(kind).unwrap_or_default() {
            resource.as_object_mut().map(|object| object.remove("meta"));
            loaded.insert(text(&resource, "/id").to_owned(), resource);
        }
        assert_eq!(served, loaded, "{kind}");
    }
}

//! What the gateway did stands in the source exactly once, and is read back from there: from the sandbox behind sign-in, from one that
//! ignores `If-None-Exist`, from Medplum's router, which makes no statement of what it can do, and from Helios.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use conformance_tests::peers::hfs::Hfs;
use conformance_tests::peers::medplum::Medplum;
use conformance_tests::validators;
use futures_util::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::gateway::{Api, client, outreach_ok};
use crate::harness::world::{Plan, World};

const LONG: Duration = Duration::from_mins(4);
const IDENTIFIERS: &str = "https://outreach-gateway.org/fhir";
/// What the segment of the journey is decided by.
const CLINICAL: [&str; 5] = ["Patient", "Encounter", "Condition", "Procedure", "Observation"];
const WRITTEN_BACK: &str = "[source.write_back]\ncommunications = true\nconsents = true\ntasks = true\n";

/// The source as its own people see it.
enum Source {
    /// The world's sandbox.
    Own,
    /// A server without sign-in at this base URL.
    Open(String),
}

impl Source {
    async fn all(&self, world: &World, kind: &str) -> Vec<Value> {
        match self {
            Self::Own => world.ehr.all(kind).unwrap(),
            Self::Open(base) => {
                let (mut all, mut page) = (Vec::new(), Some(format!("{base}/{kind}?_count=1000")));
                while let Some(url) = page {
                    let answer = client().get(url).send().await.unwrap();
                    let bundle: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
                    all.extend(bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()));
                    let next = bundle["link"].as_array().and_then(|links| links.iter().find(|link| link["relation"] == "next"));
                    page = next.and_then(|link| link["url"].as_str()).map(str::to_owned);
                }
                all
            }
        }
    }

    /// The one resource with this identifier.
    async fn one(&self, world: &World, kind: &str, id: &str) -> Value {
        let found: Vec<Value> = self.all(world, kind).await.into_iter().filter(|it| identifier(it) == id).collect();
        assert_eq!(found.len(), 1, "{kind} of {id}: {found:?}");
        found[0].clone()
    }
}

fn identifier(resource: &Value) -> String {
    let noun = match resource["resourceType"].as_str().unwrap() {
        "Consent" => "consent-id",
        "Task" => "task-id",
        _ => "message-id",
    };
    assert_eq!(resource["identifier"][0]["system"], format!("{IDENTIFIERS}/{noun}"), "{resource}");
    resource["identifier"][0]["value"].as_str().unwrap().to_owned()
}

fn randomness(what: &str) -> StdRng {
    let seed = std::env::var("OUTREACH_KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| rand::rng().random());
    eprintln!("{what}: OUTREACH_KILL_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Switches write-back on and, where a server is given, lets the world's source be that one.
fn configure(world: &World, elsewhere: Option<&str>) {
    if let Some(base) = elsewhere {
        world.ask_instead(base);
    }
    let mut text = std::fs::read_to_string(&world.config).unwrap();
    if elsewhere.is_some() {
        // Nobody is evaluated while a source is read, and one that tells no changes is read as a whole each time.
        text = text.replace("poll = \"500ms\"", "poll = \"20s\"");
    }
    text.push_str(WRITTEN_BACK);
    std::fs::write(&world.config, text).unwrap();
}

async fn synced(api: &Api) {
    eventually("the first sync", LONG, || async {
        let sources = api.try_get("/sources").await?;
        sources["items"][0]["synced_at"].is_string().then_some(())
    })
    .await;
}

/// Waits until every message is decided and everything is written back; the messages that have come to an end.
async fn settled(api: &Api) -> Vec<Value> {
    eventually("every message to be decided and everything to be written back", LONG, || async {
        let is_at_rest = api.is_at_rest().await?;
        // What came to an end waits to be written back from that moment on.
        let waiting = api.try_get("/write-backs?status=waiting").await?["total"].as_u64()?;
        (is_at_rest && waiting == 0).then_some(())
    })
    .await;
    let ended = |message: &Value| !matches!(message["status"].as_str().unwrap(), "due" | "in-flight");
    api.all("/messages").await.into_iter().filter(ended).collect()
}

/// Every message that came to an end stands in the source once, with the status the ledger has.
async fn compare(world: &World, api: &Api, source: &Source, messages: &[Value]) {
    let failed = api.get("/write-backs?status=failed").await;
    assert_eq!(failed["total"], 0, "{failed}");
    let there = source.all(world, "Communication").await;
    let ids: BTreeSet<String> = there.iter().map(identifier).collect();
    assert_eq!(ids.len(), there.len(), "a message stands there twice");
    let ended: BTreeSet<String> = messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ended);
    for message in messages {
        let id = message["id"].as_str().unwrap();
        let resource = there.iter().find(|it| identifier(it) == id).unwrap();
        let (status, reason) = (message["status"].as_str().unwrap(), message["reason"].as_str());
        let expected = match status {
            "accepted" => "completed",
            "unknown" => "unknown",
            _ => "not-done",
        };
        assert_eq!(resource["status"], expected, "{message} {resource}");
        assert_eq!(resource["sent"].is_string(), status == "accepted", "{resource}");
        if status == "refused" {
            assert_eq!(resource["statusReason"]["coding"][1]["code"].as_str(), reason, "{resource}");
        }
        assert_eq!(resource["medium"][0]["coding"][0]["code"], "EMAILWRIT");
        assert!(!resource.to_string().contains("example.org/p"), "no link of ours leaves: {resource}");
    }
}

/// Every task stands in the source once, with the status it has here, and no run made two at a step. The tasks.
async fn compare_tasks(world: &World, api: &Api, source: &Source) -> Vec<Value> {
    let of = |tasks: &[Value]| {
        let status = |task: &Value| match task["status"].as_str().unwrap() {
            "open" => "requested",
            "done" => "completed",
            _ => "cancelled",
        };
        tasks.iter().map(|task| (task["id"].as_str().unwrap().to_owned(), status(task).to_owned())).collect::<BTreeSet<_>>()
    };
    let tasks = eventually("every task to stand in the source", LONG, || async {
        let tasks = api.all("/tasks").await;
        let there = source.all(world, "Task").await;
        let written: BTreeSet<_> = there.iter().map(|it| (identifier(it), it["status"].as_str().unwrap().to_owned())).collect();
        assert_eq!(written.len(), there.len(), "a task stands there twice: {there:?}");
        (written == of(&tasks)).then_some(tasks)
    })
    .await;
    let of_journeys = tasks.iter().filter(|task| task["origin"] == "journey");
    let whose: Vec<&str> = of_journeys.map(|task| task["patient"]["id"].as_str().unwrap()).collect();
    assert_eq!(whose.len(), whose.iter().collect::<BTreeSet<_>>().len(), "nobody has entered twice, so there is one for each person");
    tasks
}

/// Those who could not be written to are put before staff, here and there; what becomes of it here is told there.
async fn tells_tasks(world: &World, api: &Api, source: &Source, not_sent: usize) {
    let made = eventually("a task for each whom no message reached", LONG, || async {
        let tasks = api.all("/tasks").await;
        (tasks.iter().filter(|task| task["origin"] == "journey").count() == not_sent).then_some(tasks)
    })
    .await;
    compare_tasks(world, api, source).await;
    let (first, second) = (made[0].clone(), made[1].clone());
    let id = |task: &Value| task["id"].as_str().unwrap().to_owned();
    let before = source.one(world, "Task", &id(&first)).await;
    let fhir_id = api.get(&format!("/patients/{}", first["patient"]["id"].as_str().unwrap())).await["fhir_id"].clone();
    assert_eq!(before["for"]["reference"], format!("Patient/{}", fhir_id.as_str().unwrap()));
    assert_eq!((&before["intent"], &before["code"]["coding"][0]["code"]), (&json!("order"), &json!("review")));
    assert_eq!(before["restriction"]["period"]["end"], first["due_on"]);
    assert_eq!(before["description"], "Look at the record: Could not be written to.");

    for (task, status) in [(&first, "done"), (&second, "cancelled")] {
        let answer = api.send(Method::PUT, &format!("/tasks/{}/status", id(task)), &json!({ "status": status })).await;
        assert!(answer.status().is_success());
    }
    let again = api.send(Method::PUT, &format!("/tasks/{}/status", id(&first)), &json!({ "status": "cancelled" })).await;
    assert_eq!(again.status(), 409, "it has ended");
    let by_hand = json!({ "patient": first["patient"]["id"], "kind": "other", "note": "Her daughter asked about the results" });
    assert_eq!(api.send(Method::POST, "/tasks", &by_hand).await.status(), 201);
    let tasks = compare_tasks(world, api, source).await;
    assert_eq!(tasks.len(), made.len() + 1);
    let after = source.one(world, "Task", &id(&first)).await;
    assert_eq!((&after["id"], &after["status"]), (&before["id"], &json!("completed")), "the same one");
    assert!(after["executionPeriod"]["end"].is_string() && after["lastModified"].as_str() >= before["lastModified"].as_str(), "{after}");
    for member in ["identifier", "description", "for", "authoredOn", "restriction", "reasonCode"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let written = source.all(world, "Task").await;
    assert!(!written.iter().any(|task| task.to_string().contains("daughter")), "a note by hand never leaves");
}

/// From one end to the other: half of the people refuse, then everybody who is due is to be invited.
async fn tells(world: &World, source: &Source) {
    let gateway = world.serve();
    let api = world.api().await;
    synced(&api).await;
    let patients = api.all("/patients").await;
    let refusing: Vec<String> = patients.iter().step_by(2).map(|patient| patient["id"].as_str().unwrap().to_owned()).collect();
    let decision = |decision: &str| json!({ "decision": decision, "medium": "email" });
    for patient in &refusing {
        let answer = api.send(Method::POST, &format!("/patients/{patient}/consents"), &decision("deny")).await;
        assert!(answer.status().is_success());
    }
    // What a killed gateway holds is left to it for minutes where another may be at work.
    settled(&api).await;
    gateway.kill();
    world.apply_definitions("1 hour");
    let _gateway = world.serve();
    let api = world.api().await;
    let messages = settled(&api).await;
    compare(world, &api, source, &messages).await;
    let of = |status: &str| messages.iter().filter(|message| message["status"] == status).collect::<Vec<_>>();
    let (accepted, refused) = (of("accepted"), of("refused"));
    assert!(!accepted.is_empty() && !refused.is_empty(), "{messages:?}");
    let objection = refused.iter().find(|message| message["reason"] == "opted-out").unwrap();
    let resource = source.one(world, "Communication", objection["id"].as_str().unwrap()).await;
    assert_eq!(resource["statusReason"]["coding"][0]["code"], "patient-objection");
    let fhir_id = api.get(&format!("/patients/{}", objection["patient"]["id"].as_str().unwrap())).await["fhir_id"].clone();
    assert_eq!(resource["subject"]["reference"], format!("Patient/{}", fhir_id.as_str().unwrap()));

    let not_sent = messages.iter().filter(|message| matches!(message["status"].as_str().unwrap(), "refused" | "rejected" | "expired"));
    tells_tasks(world, &api, source, not_sent.count()).await;

    // Each decision stands there; a later one ends the earlier one and stands beside it.
    let consents = source.all(world, "Consent").await;
    assert_eq!(consents.len(), refusing.len());
    assert!(consents.iter().all(|it| it["status"] == "active" && it["provision"]["type"] == "deny"), "{consents:?}");
    let patient = &refusing[0];
    let first = api.get(&format!("/patients/{patient}/consents")).await["items"][0]["id"].as_str().unwrap().to_owned();
    api.send(Method::POST, &format!("/patients/{patient}/consents"), &decision("permit")).await;
    let second = api.get(&format!("/patients/{patient}/consents")).await["items"][0]["id"].as_str().unwrap().to_owned();
    settled(&api).await;
    assert_eq!(source.one(world, "Consent", &first).await["status"], "inactive");
    let later = source.one(world, "Consent", &second).await;
    assert_eq!((&later["status"], &later["provision"]["type"]), (&json!("active"), &json!("permit")));

    // One click in a mail program.
    let mail = world.mail.mailbox.messages();
    let raw = String::from_utf8_lossy(&mail[0].raw).replace("\r\n ", " ").replace("\r\n\t", " ");
    let header = raw.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <")).unwrap();
    let one_click = client()
        .post(header.split('>').next().unwrap())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    assert!(one_click.send().await.unwrap().status().is_success());
    let clicked = accepted.iter().find(|message| raw.contains(message["id"].as_str().unwrap())).unwrap();
    let who = clicked["patient"]["id"].as_str().unwrap();
    let consent = api.get(&format!("/patients/{who}/consents")).await["items"][0]["id"].as_str().unwrap().to_owned();
    settled(&api).await;
    let left = source.one(world, "Consent", &consent).await;
    assert_eq!((&left["status"], &left["provision"]["type"]), (&json!("active"), &json!("deny")), "{left}");
    assert_eq!(left["policyRule"]["coding"][0]["code"], "OPTOUT");

    // Nobody else finds fault with it.
    let mut written = source.all(world, "Communication").await;
    written.extend(source.all(world, "Consent").await);
    written.extend(source.all(world, "Task").await);
    let written: Vec<String> = written.iter().map(Value::to_string).collect();
    if let Some(found) = validators::findings(&written) {
        assert!(found.is_empty(), "{found:#?}");
    }

    // What is there is visible here, with its place.
    let line = api.get(&format!("/write-backs?object={consent}")).await["items"][0].clone();
    assert_eq!((&line["status"], &line["kind"], &line["remote_id"]), (&json!("done"), &json!("consent"), &left["id"]));
}

async fn world(database: Kind, people: u64) -> Option<World> {
    World::make(Plan { people: Some(people), with_definitions: false, ..Plan::new(database) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_and_decisions_stand_in_the_sandbox_once() {
    let world = world(Kind::Sqlite, 150).await.unwrap();
    configure(&world, None);
    tells(&world, &Source::Own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_and_decisions_stand_in_the_sandbox_once_on_postgresql() {
    let Some(world) = world(Kind::Postgres, 150).await else { return };
    configure(&world, None);
    tells(&world, &Source::Own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ignores_conditional_creates_gets_each_once_under_an_id_of_ours() {
    let world = world(Kind::Sqlite, 1).await.unwrap();
    let config = ehr_sandbox::Config { people: Some(150), open: true, conditional_create: false, ..ehr_sandbox::Config::default() };
    let deaf = ehr_sandbox::start(config, TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap();
    configure(&world, Some(&deaf.base_url));
    let source = Source::Open(deaf.base_url.clone());
    tells(&world, &source).await;
    let there = source.all(&world, "Communication").await;
    assert!(there.iter().all(|it| it["id"].as_str().unwrap() == identifier(it).replace('_', "-")), "{:?}", there[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_and_decisions_stand_in_medplums_router_once() {
    let world = world(Kind::Sqlite, 150).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for kind in CLINICAL {
        let mut lines = String::new();
        for resource in world.ehr.all(kind).unwrap() {
            writeln!(lines, "{resource}").unwrap();
        }
        std::fs::write(folder.path().join(format!("{kind}.ndjson")), lines).unwrap();
    }
    let Some(medplum) = Medplum::start_with(&[folder.path()]) else { return };
    configure(&world, Some(&medplum.base_url));
    tells(&world, &Source::Open(medplum.base_url.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_and_decisions_stand_in_helios_once() {
    let folder = tempfile::tempdir().unwrap();
    let Some(helios) = Hfs::start(folder.path()) else { return };
    let world = world(Kind::Sqlite, 150).await.unwrap();
    for kind in CLINICAL {
        let resources = world.ehr.all(kind).unwrap();
        let writes = resources.into_iter().map(|resource| {
            let url = format!("{}/{kind}/{}", helios.base_url, resource["id"].as_str().unwrap());
            client().put(url).header("content-type", "application/fhir+json").body(resource.to_string()).send()
        });
        let answers: Vec<_> = futures_util::stream::iter(writes).buffer_unordered(8).collect().await;
        for answer in answers {
            let answer = answer.unwrap();
            assert!(answer.status().is_success(), "{} {}", answer.status(), answer.text().await.unwrap());
        }
    }
    configure(&world, Some(&helios.base_url));
    tells(&world, &Source::Open(helios.base_url.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_changed_there_is_left_alone_and_a_lost_answer_makes_no_second_one() {
    let world = world(Kind::Sqlite, 150).await.unwrap();
    configure(&world, None);
    // Made there, and then the answer is another: the gateway can't know, and has to look.
    let script = r#"{"rules": [{"when": {"method": "POST", "path": "/fhir/Co*", "nth": [1, 4, 5]}, "then": [{"status": 503}]},
        {"when": {"method": "POST", "path": "/fhir/Task", "nth": [1]}, "then": [{"cut": {"after": 20}}]},
        {"when": {"method": "POST", "path": "/fhir/Co*", "nth": [2, 7]}, "then": [{"cut": {"after": 20}}]}]}"#;
    world.ehr.play(ehr_sandbox::FaultScript::read(script).unwrap());
    let _gateway = world.serve();
    let api = world.api().await;
    synced(&api).await;
    let patients = api.all("/patients").await;
    let mut first = String::new();
    for patient in patients.iter().take(6) {
        first = format!("/patients/{}/consents", patient["id"].as_str().unwrap());
        let answer = api.send(Method::POST, &first, &json!({ "decision": "deny", "medium": "email" })).await;
        assert!(answer.status().is_success());
    }
    settled(&api).await;
    let there = world.ehr.all("Consent").unwrap();
    assert_eq!((there.len(), there.iter().map(identifier).collect::<BTreeSet<_>>().len()), (6, 6));

    // Somebody there takes it back; the person's next decision does not overwrite that.
    let id = api.get(&first).await["items"][0]["id"].as_str().unwrap().to_owned();
    let mut theirs = there.iter().find(|it| identifier(it) == id).unwrap().clone();
    theirs["status"] = json!("rejected");
    world.ehr.put(&theirs).unwrap();
    api.send(Method::POST, &first, &json!({ "decision": "permit", "medium": "email" })).await;
    settled(&api).await;
    assert_eq!(Source::Own.one(&world, "Consent", &id).await["status"], "rejected");
    let line = api.get(&format!("/write-backs?object={id}")).await["items"][0].clone();
    assert_eq!(line["status"], "failed");
    assert!(line["reason"].as_str().unwrap().contains("somebody else changed"), "{line}");

    // Nor does the end of a task here overwrite that somebody has begun with it there.
    let patient = patients[0]["id"].as_str().unwrap();
    assert_eq!(api.send(Method::POST, "/tasks", &json!({ "patient": patient, "kind": "call" })).await.status(), 201);
    let task = compare_tasks(&world, &api, &Source::Own).await[0]["id"].as_str().unwrap().to_owned();
    let mut theirs = Source::Own.one(&world, "Task", &task).await;
    theirs["status"] = json!("in-progress");
    theirs["owner"] = json!({ "display": "Night shift" });
    world.ehr.put(&theirs).unwrap();
    api.send(Method::PUT, &format!("/tasks/{task}/status"), &json!({ "status": "done" })).await;
    settled(&api).await;
    let left = Source::Own.one(&world, "Task", &task).await;
    assert_eq!((&left["status"], &left["owner"]["display"]), (&json!("in-progress"), &json!("Night shift")));
    let line = api.get(&format!("/write-backs?object={task}")).await["items"][0].clone();
    assert_eq!((&line["status"], &line["kind"]), (&json!("failed"), &json!("task")));
    assert!(line["reason"].as_str().unwrap().contains("somebody else changed"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_that_is_killed_again_and_again_leaves_one_of_each() {
    let kills = std::env::var("OUTREACH_WRITE_BACK_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    let mut random = randomness("kills while writing back");
    let world = World::make(Plan { people: Some(1_000), ..Plan::new(Kind::Sqlite) }).await.unwrap();
    configure(&world, None);
    let script = r#"{"rules": [{"when": {"method": "POST", "path": "/fhir/Co*"}, "then": [{"delay": "30ms"}]}]}"#;
    world.ehr.play(ehr_sandbox::FaultScript::read(script).unwrap());
    outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");
    for _ in 0..kills {
        let gateway = world.serve();
        tokio::time::sleep(Duration::from_millis(random.random_range(200..1_500))).await;
        gateway.kill();
    }
    let _gateway = world.serve();
    let api = world.api().await;
    let messages = settled(&api).await;
    assert!(messages.len() > 10);
    compare(&world, &api, &Source::Own, &messages).await;
    compare_tasks(&world, &api, &Source::Own).await;
}

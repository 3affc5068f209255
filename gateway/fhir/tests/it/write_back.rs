//! Writing back to servers that misbehave: which requests are made, and what their answers are taken for.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::Response;
use gateway_auth::{AuthorizedClient, StaticBearer};
use gateway_domain::consent::Purpose;
use gateway_domain::ids::MessageId;
use gateway_domain::message::MessageStatus;
use gateway_domain::patient::RecordStatus;
use gateway_domain::write_back::{CommunicationRecord, Record, RemoteRecord};
use gateway_fhir::{CommunicationContent, FhirRecordKeeper, RecordKeeperConfig};
use gateway_net::budget::{Budget, BudgetLimits};
use gateway_net::egress::{Egress, EgressPolicy, Origin};
use gateway_ports::clock::Clock as _;
use gateway_ports::write_back::{NotKept, RecordKeeper as _};
use jiff::Timestamp;

use crate::{Answers, Asked, Still, answer, status, with};

const ID: &str = "msg_00000000000070008000000000000000";

struct Server {
    keeper: FhirRecordKeeper,
    asked: Asked,
}

impl Server {
    async fn start(statement: &str, answers: impl IntoIterator<Item = Response>) -> Self {
        let asked = Asked::default();
        let first = status(if statement.is_empty() { 404 } else { 200 }, statement.to_owned());
        let answers: Answers = Arc::new(Mutex::new(std::iter::once(first).chain(answers).collect()));
        let app = Router::new().fallback(answer).with_state((answers, asked.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url: url::Url = format!("http://{}/fhir", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let egress = Egress::new(EgressPolicy::for_testing()).unwrap();
        let token = StaticBearer::new("canary".to_owned().into());
        let client = AuthorizedClient::new(egress.for_origin(Origin::of(&base_url).unwrap()), Arc::new(token));
        let config = RecordKeeperConfig { base_url, systems: "urn:test".to_owned(), content: CommunicationContent::Title };
        Self { keeper: FhirRecordKeeper::new(config, client, Arc::new(Still)), asked }
    }

    /// Methods and paths after the CapabilityStatement.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().skip(1).map(|it| it.0.replace("/fhir/Communication", "")).collect()
    }
}

/// A statement about Communication with these interactions and members.
fn statement(interactions: &[&str], members: &str) -> String {
    let codes: Vec<String> = interactions.iter().map(|code| format!("{{\"code\":\"{code}\"}}")).collect();
    format!(
        "{{\"resourceType\":\"CapabilityStatement\",\"rest\":[{{\"mode\":\"server\",\"resource\":[{{\"type\":\"Communication\",\
         \"interaction\":[{}],\"searchParam\":[{{\"name\":\"identifier\"}}]{members}}}]}}]}}",
        codes.join(",")
    )
}

fn record(status: MessageStatus) -> Record {
    let now = Still.now();
    Record::Communication(Box::new(CommunicationRecord {
        message: MessageId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        patient_fhir_id: "p1".to_owned(),
        patient_status: RecordStatus::Active,
        status,
        bounced: false,
        reason: None,
        medium: "email".to_owned(),
        purpose: Purpose::Treatment,
        template: "invitation".to_owned(),
        template_title: None,
        subject: None,
        language: None,
        journey: "screening".to_owned(),
        journey_title: "Screening".to_owned(),
        created_at: now,
        sent_at: (status == MessageStatus::Accepted).then_some(now),
    }))
}

fn resource(id: &str, version: &str, status: &str) -> String {
    format!(
        "{{\"resourceType\":\"Communication\",\"id\":\"{id}\",\"meta\":{{\"versionId\":\"{version}\"}},\"status\":\"{status}\",\
         \"identifier\":[{{\"system\":\"urn:test/message-id\",\"value\":\"{ID}\"}}]}}"
    )
}

fn bundle(resources: &[String]) -> Response {
    let entries: Vec<String> = resources.iter().map(|it| format!("{{\"resource\":{it}}}")).collect();
    status(200, format!("{{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{}]}}", entries.join(",")))
}

fn certain() -> String {
    statement(&["create", "update", "search-type"], ",\"conditionalCreate\":true")
}

fn search() -> String {
    format!("GET ?identifier=urn%3Atest%2Fmessage-id%7C{ID}")
}

fn known(version: &str) -> RemoteRecord {
    RemoteRecord { id: "r1".to_owned(), version: Some(version.to_owned()) }
}

#[tokio::test]
async fn a_server_that_promises_conditional_creates_is_asked_once() {
    let server = Server::start(&certain(), [status(201, resource("r1", "1", "completed"))]).await;
    let kept = server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap();
    assert_eq!((kept.remote, kept.note), (known("1"), None));
    assert_eq!(server.asked(), ["POST "]);
}

#[tokio::test]
async fn after_a_lost_answer_the_record_is_looked_for_and_taken_as_it_is() {
    let server = Server::start(&certain(), [bundle(&[resource("r1", "1", "completed")])]).await;
    let kept = server.keeper.keep(&record(MessageStatus::Accepted), None, true).await.unwrap();
    assert_eq!((kept.remote, kept.note), (known("1"), None));
    assert_eq!(server.asked(), [search()], "and nothing is made");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_searched_before_and_read_back_after() {
    let made = resource("r1", "1", "completed");
    let server = Server::start("", [bundle(&[]), status(201, made.clone()), bundle(&[made, resource("r2", "1", "completed")])]).await;
    let kept = server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap();
    assert_eq!(server.asked(), [search(), "POST ".to_owned(), search()]);
    assert_eq!(kept.note.as_deref(), Some("it is there 2 times: r1, r2"), "a person is told");
}

#[tokio::test]
async fn an_answer_without_the_resource_is_followed_to_it() {
    let located = with(201, "location", "http://internal/fhir/Communication/r1/_history/1");
    let server = Server::start(&certain(), [located, status(200, resource("r1", "1", "completed"))]).await;
    assert_eq!(server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap().remote, known("1"));
    assert_eq!(server.asked(), ["POST ", "GET /r1"]);
    let server = Server::start(&certain(), [status(201, ""), bundle(&[resource("r1", "1", "completed")])]).await;
    assert_eq!(server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap().remote, known("1"));
}

#[tokio::test]
async fn a_server_without_conditional_creates_takes_it_under_our_id() {
    let says = statement(&["create", "update", "search-type"], ",\"conditionalCreate\":false,\"updateCreate\":true");
    let id = ID.replace('_', "-");
    let server = Server::start(&says, [bundle(&[]), status(404, ""), status(201, resource(&id, "1", "completed"))]).await;
    assert_eq!(server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap().remote.id, id);
    assert_eq!(server.asked(), [search(), format!("GET /{id}"), format!("PUT /{id}")]);
}

#[tokio::test]
async fn what_can_not_be_written_safely_is_refused_with_the_reason() {
    let nowhere = statement(&["read"], "");
    let server = Server::start(&nowhere, []).await;
    let refused = server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap_err();
    assert!(matches!(&refused, NotKept::Refused { reason } if reason.contains("does not offer to create")), "{refused:?}");
    assert!(server.asked().is_empty());

    // A search that brings others is no search.
    let other = resource("x", "1", "completed").replace(ID, "someone-elses");
    let server = Server::start("", [bundle(&[other])]).await;
    let refused = server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap_err();
    assert!(matches!(&refused, NotKept::Refused { reason } if reason.contains("brought others")), "{refused:?}");

    // A server that drops the identifier.
    let server = Server::start(&certain(), [status(201, r#"{"resourceType":"Communication","id":"r1","status":"completed"}"#)]).await;
    let refused = server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap_err();
    assert!(matches!(&refused, NotKept::Refused { reason } if reason.contains("without its identifier")), "{refused:?}");
}

#[tokio::test]
async fn a_later_change_goes_to_the_version_that_is_known() {
    let server =
        Server::start(&certain(), [status(200, resource("r1", "1", "unknown")), status(200, resource("r1", "2", "completed"))]).await;
    let kept = server.keeper.keep(&record(MessageStatus::Accepted), Some(&known("1")), true).await.unwrap();
    assert_eq!((kept.remote, server.asked()), (known("2"), vec!["GET /r1".to_owned(), "PUT /r1".to_owned()]));
}

#[tokio::test]
async fn what_others_changed_deleted_or_withdrew_there_is_left_alone() {
    let server = Server::start(&certain(), [status(200, resource("r1", "9", "on-hold"))]).await;
    let refused = server.keeper.keep(&record(MessageStatus::Accepted), Some(&known("1")), true).await.unwrap_err();
    assert!(matches!(&refused, NotKept::Refused { reason } if reason.contains("somebody else changed")), "{refused:?}");
    let server = Server::start(&certain(), [status(410, "")]).await;
    let refused = server.keeper.keep(&record(MessageStatus::Accepted), Some(&known("1")), true).await.unwrap_err();
    assert!(matches!(&refused, NotKept::Refused { reason } if reason.contains("was deleted there")), "{refused:?}");
    let server = Server::start(&certain(), [status(200, resource("r1", "9", "entered-in-error"))]).await;
    let kept = server.keeper.keep(&record(MessageStatus::Accepted), Some(&known("1")), true).await.unwrap();
    assert!(kept.note.unwrap().contains("entered in error"));
    assert_eq!(server.asked(), ["GET /r1"], "nothing is written");
}

#[tokio::test]
async fn a_server_in_trouble_is_told_from_a_record_it_refuses() {
    for (code, unavailable) in [(503, true), (429, true), (401, true), (403, true), (400, false), (422, false), (404, false), (302, false)]
    {
        let server = Server::start(&certain(), [with(code, "retry-after", "7"), status(code, "")]).await;
        let error = server.keeper.keep(&record(MessageStatus::Accepted), None, false).await.unwrap_err();
        assert_eq!(matches!(error, NotKept::Unavailable { .. }), unavailable, "{code}: {error:?}");
        if code == 503 {
            assert!(matches!(error, NotKept::Unavailable { wait: Some(wait), .. } if wait.as_secs() == 7), "as it asks");
        }
    }
}

#[tokio::test]
async fn writing_waits_for_its_place_in_the_budget_of_its_source() {
    let budget = Arc::new(Budget::new(BudgetLimits { concurrent: 1, ..BudgetLimits::default() }));
    let Server { keeper, asked } = Server::start(&certain(), [with(429, "retry-after", "7")]).await;
    let keeper = keeper.within(Arc::clone(&budget));
    let reading = budget.admit().await;
    let message = record(MessageStatus::Accepted);
    let waits = tokio::time::timeout(std::time::Duration::from_millis(50), keeper.keep(&message, None, false)).await;
    assert!(waits.is_err() && asked.lock().unwrap().is_empty(), "the one place is taken");
    drop(reading);
    keeper.keep(&message, None, false).await.unwrap_err();
    assert_eq!((asked.lock().unwrap().len(), budget.seen().throttled), (2, 1), "and what the server says counts for all");
}

#[tokio::test]
async fn what_somebody_began_with_before_we_knew_its_version_is_left_alone_too() {
    // The answer to the create was lost, and who works there was quicker than the next try.
    let server = Server::start(&certain(), [bundle(&[resource("r1", "2", "on-hold")])]).await;
    let refused = server.keeper.keep(&record(MessageStatus::Accepted), None, true).await.unwrap_err();
    assert!(matches!(&refused, NotKept::Refused { reason } if reason.contains("somebody else changed")), "{refused:?}");
    assert_eq!(server.asked(), [search()], "nothing is written");
}

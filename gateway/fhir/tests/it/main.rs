//! The client against servers that misbehave.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up is to end")]

mod any_bytes;
mod examples;
mod write_back;

use std::collections::VecDeque;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use gateway_auth::{AuthorizedClient, StaticBearer};
use gateway_domain::ids::SourceNo;
use gateway_fhir::{FhirReader, FhirServer, FhirServerConfig};
use gateway_net::egress::{Egress, EgressPolicy, Origin};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::{Ehr, EhrErrorKind, ExportFile, ExportLevel, ExportRequest, ExportStatus, ResourceReader, SearchRequest};
use jiff::Timestamp;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-11-23T00:00:00Z".parse().unwrap()
    }
}

impl Entropy for Still {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

type Answers = Arc<Mutex<VecDeque<Response>>>;
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A server that gives prepared answers in order, and what it was asked.
struct Script {
    server: FhirServer,
    base: String,
    asked: Asked,
}

impl Script {
    async fn start(answers: impl IntoIterator<Item = Response>) -> Self {
        let asked = Asked::default();
        let answers: Answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let app = Router::new().fallback(answer).with_state((answers, asked.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/fhir", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let url: url::Url = base.parse().unwrap();
        let egress = Egress::new(EgressPolicy::for_testing()).unwrap();
        let token = StaticBearer::new("canary".to_owned().into());
        let client = AuthorizedClient::new(egress.for_origin(Origin::of(&url).unwrap()), Arc::new(token));
        let server = FhirServer::new(FhirServerConfig::for_testing(url), client, Arc::new(Still), Arc::new(Still));
        Self { server, base, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|it| it.0.clone()).collect()
    }

    fn file(&self, with_token: bool) -> ExportFile {
        ExportFile { url: format!("{}/f/1", self.base), resource_type: None, count: None, with_token }
    }
}

async fn answer(State((answers, asked)): State<(Answers, Asked)>, request: Request) -> Response {
    let token = request.headers().get("authorization").map(|it| it.to_str().unwrap().to_owned());
    asked.lock().unwrap().push((format!("{} {}", request.method(), request.uri()), token));
    answers.lock().unwrap().pop_front().unwrap_or_else(|| status(500, ""))
}

fn status(code: u16, body: impl Into<Body>) -> Response {
    Response::builder().status(code).body(body.into()).unwrap()
}

fn with(code: u16, name: &str, value: &str) -> Response {
    Response::builder().status(code).header(name, value).body(Body::empty()).unwrap()
}

/// A body that breaks off after its first piece, once that is on its way.
fn cut(first: &'static [u8]) -> Response {
    let pieces = futures_util::stream::iter([Ok(Bytes::from_static(first)), Err(std::io::Error::other("cut"))]).then(async |piece| {
        if piece.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        piece
    });
    status(200, Body::from_stream(pieces))
}

fn search(since: Option<&str>) -> SearchRequest {
    SearchRequest { resource_type: "Patient".into(), since: since.map(|it| it.parse().unwrap()), page_size: 10, ..SearchRequest::default() }
}

#[tokio::test]
async fn throttling_errors_and_web_pages_are_tried_again() {
    let page = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}"#;
    let script = Script::start([with(429, "retry-after", "0"), status(503, ""), status(200, page)]).await;
    assert_eq!(script.server.search(&search(None), None).await.unwrap().resources.len(), 1);
    let script = Script::start([status(200, "<html>sorry</html>")]).await;
    assert!(script.server.search(&search(None), None).await.unwrap_err().may_retry());
}

#[tokio::test]
async fn an_error_names_server_question_answer_and_remedy() {
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","diagnostics":"no scope"}]}"#;
    let script = Script::start([status(403, outcome)]).await;
    let error = script.server.search(&search(None), None).await.unwrap_err();
    assert_eq!(error.kind, EhrErrorKind::Refused);
    let words = error.to_string();
    assert!(
        words.contains(&script.base) && words.contains("a search of Patient") && words.contains("no scope") && words.contains("scopes"),
        "{words}"
    );
}

#[tokio::test]
async fn a_relative_next_is_followed_and_a_foreign_one_leads_home() {
    let page = |next: &str| status(200, format!(r#"{{"resourceType":"Bundle","link":[{{"relation":"next","url":"{next}"}}]}}"#));
    let script =
        Script::start([page("Patient?page=2"), page("http://localhost:1/inner?page=3"), page("http://localhost:1/fhir/Patient?page=4")])
            .await;
    let mut next = None;
    for expected in ["/Patient?page=2", "?page=3", "/Patient?page=4"] {
        let page = script.server.search(&search(None), next.as_deref()).await.unwrap();
        assert_eq!(page.warnings.len(), usize::from(expected != "/Patient?page=2"), "{:?}", page.warnings);
        next = page.next;
        assert_eq!(next, Some(format!("{}{expected}", script.base)));
    }
    assert_eq!(script.asked().len(), 3);
}

fn people(ids: &[&str], total: Option<u64>) -> Response {
    let entries: Vec<_> = ids.iter().map(|id| format!(r#"{{"resource":{{"resourceType":"Patient","id":"{id}"}}}}"#)).collect();
    let total = total.map_or_else(String::new, |it| format!(r#""total":{it},"#));
    status(200, format!(r#"{{"resourceType":"Bundle",{total}"entry":[{}]}}"#, entries.join(",")))
}

/// Reads a search to its end; the ids in order.
async fn read_all(script: &Script) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), None);
    loop {
        let page = script.server.search(&search(None), next.as_deref()).await.unwrap();
        assert_eq!(page.ids.len(), page.resources.len());
        ids.extend(page.ids);
        next = page.next;
        if next.is_none() {
            return ids;
        }
    }
}

#[tokio::test]
async fn a_server_without_next_links_is_paged_by_offset_until_its_end() {
    let script = Script::start([people(&["a", "b", "c"], Some(5)), people(&["c", "d", "e"], Some(5))]).await;
    assert_eq!(read_all(&script).await, ["a", "b", "c", "d", "e"]);
    assert!(script.asked()[1].contains("_offset=2"), "{:?}", script.asked());
    // Nothing says how many there are, so that the end is where nothing new comes.
    let script = Script::start([people(&["a", "b"], None), people(&["b", "c"], None), people(&["c"], None)]).await;
    assert_eq!(read_all(&script).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_list_that_moves_between_two_pages_is_gone_back_in() {
    let pages = [people(&["a", "b", "c"], Some(6)), people(&["d", "e", "f"], Some(5)), people(&["b", "d", "e", "f"], Some(4))];
    let script = Script::start(pages).await;
    assert_eq!(read_all(&script).await, ["a", "b", "c", "b", "d", "e", "f"], "what was read twice is the same, and nothing is missing");
}

#[tokio::test]
async fn a_server_that_pages_by_number_is_found_out() {
    let pages = [people(&["a", "b"], Some(4)), people(&["a", "b"], Some(4)), people(&["c", "d"], Some(4))];
    let script = Script::start(pages).await;
    assert_eq!(read_all(&script).await, ["a", "b", "c", "d"]);
    assert!(script.asked()[2].contains("_page=2"), "{:?}", script.asked());
}

#[tokio::test]
async fn a_server_that_shows_less_than_it_has_and_can_not_be_paged_is_told() {
    let script = Script::start(std::iter::repeat_with(|| people(&["a", "b"], Some(9))).take(8)).await;
    let next = script.server.search(&search(None), None).await.unwrap().next;
    let error = script.server.search(&search(None), next.as_deref()).await.unwrap_err();
    assert!(error.kind == EhrErrorKind::Unsupported && error.reason.contains("it has 9 of them and shows 2"), "{error}");
}

#[tokio::test]
async fn a_server_that_ignores_the_time_is_not_believed() {
    let body = r#"{"resourceType":"Bundle","link":[{"relation":"self","url":"Patient?_count=10"}]}"#;
    let script = Script::start([status(200, body)]).await;
    let error = script.server.search(&search(Some("2026-01-01T00:00:00.9Z")), None).await.unwrap_err();
    assert_eq!(error.kind, EhrErrorKind::Unsupported);
    assert!(script.asked()[0].contains("_lastUpdated=ge2026-01-01T00%3A00%3A00Z"), "{:?}", script.asked());
}

#[tokio::test]
async fn an_export_is_started_watched_read_and_ended() {
    let manifest =
        r#"{"transactionTime":"2026-11-23T00:00:00Z","requiresAccessToken":false,"output":[{"type":"Patient","url":"f/1"}],"error":[]}"#;
    let script = Script::start([
        with(202, "content-location", "job/1"),
        with(202, "retry-after", "7"),
        status(200, manifest),
        status(200, "{}\n"),
        status(404, ""),
    ])
    .await;
    let request = ExportRequest {
        level: ExportLevel::System,
        types: vec!["Patient".into(), "Condition".into()],
        since: None,
        type_filters: Vec::new(),
    };
    let job = script.server.start_export(&request).await.unwrap().job;
    let ExportStatus::Working { retry_after, .. } = script.server.export_status(&job).await.unwrap() else { panic!("not working") };
    assert_eq!(retry_after.unwrap().as_secs(), 7);
    let ExportStatus::Ready(manifest) = script.server.export_status(&job).await.unwrap() else { panic!("not ready") };
    script.server.open_file(&manifest.files[0], 0).await.unwrap().next(10, 1000).await.unwrap();
    script.server.end_export(&job).await.unwrap();
    let asked = script.asked.lock().unwrap();
    assert!(asked[0].0.contains("_type=Patient%2CCondition"), "{asked:?}");
    assert!(asked[1].1.is_some(), "the status wants the token");
    assert!(asked[3].1.is_none(), "the file does not");
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_refused_and_never_gets_the_token() {
    let other = Script::start([status(200, "{}")]).await;
    let script = Script::start([with(307, "location", &format!("{}/signed", other.base))]).await;
    let error = script.server.open_file(&script.file(true), 0).await.err().unwrap();
    assert_eq!(error.kind, EhrErrorKind::Refused);
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_cut_file_gives_its_whole_lines_and_then_an_error_that_can_be_resumed() {
    let script = Script::start([cut(b"{\"a\":1}\n{\"b\":2}\n{\"c"), status(200, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}")]).await;
    let mut lines = script.server.open_file(&script.file(true), 0).await.unwrap();
    let read = lines.next(10, 1000).await.unwrap();
    assert_eq!(read.last().map(|it| it.number), Some(2));
    assert!(lines.next(10, 1000).await.err().unwrap().may_retry());
    let mut lines = script.server.open_file(&script.file(true), 2).await.unwrap();
    let read = lines.next(10, 1000).await.unwrap();
    assert_eq!(read.iter().map(|it| (it.number, it.bytes.as_slice())).collect::<Vec<_>>(), [(3, &b"{\"c\":3}"[..])]);
    assert!(lines.next(10, 1000).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_is_gzip_is_opened_and_a_truncated_one_is_an_error() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"a\":1}\n{\"b\":2}\n").unwrap();
    let whole = encoder.finish().unwrap();
    let half = whole[..whole.len() - 6].to_vec();
    let script = Script::start([status(200, whole), status(200, half)]).await;
    let mut lines = script.server.open_file(&script.file(true), 0).await.unwrap();
    assert_eq!(lines.next(10, 1000).await.unwrap().len(), 2);
    let mut lines = script.server.open_file(&script.file(true), 0).await.unwrap();
    while let Ok(read) = lines.next(1, 1000).await {
        assert!(!read.is_empty(), "a truncated file must not look whole");
    }
}

#[test]
fn every_us_core_example_is_accepted_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/us-core-examples");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: {} is not there, so the US Core examples are not tried", folder.display());
        return;
    };
    let reader = FhirReader::new(SourceNo(1), "https://fhir.example.org", fhir_profiles::mapping("us-core").unwrap());
    let mut accepted = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match reader.resource(std::fs::read(&path).unwrap()) {
            Ok(resource) => {
                assert!(name.starts_with(&resource.resource_type), "{name}");
                accepted += 1;
            }
            Err((reason, _)) => panic!("{name}: {}", reason.reason),
        }
    }
    assert!(accepted > 200);
}

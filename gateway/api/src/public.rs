//! The patient pages: rendered here, without script and without anybody else's resources. Who has the link is the person, so a page
//! names nobody and says nothing clinical. GET changes nothing.

mod click;
mod page;
mod preferences;
mod unsubscribe;
mod wording;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gateway_auth::signed_link::LinkPurpose;
use gateway_domain::ids::MessageId;
use gateway_domain::message::Message;
use gateway_ports::store::StoreError;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tower_http::set_header::SetResponseHeaderLayer;
use uuid::Uuid;

use self::page::Page;
use self::wording::Wording;
use crate::ApiDeps;

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("public/style.css");
/// The most bytes a form of ours, or a mail program's one-click request, can have.
const LARGEST_FORM: usize = 16 << 10;

/// `/p`.
pub(crate) fn router(deps: ApiDeps) -> Router {
    Router::new()
        .route("/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::leave))
        .route("/preferences/{token}", get(preferences::show).post(preferences::save))
        .route("/c/{token}/{link}", get(click::follow))
        .route("/style.css", get(style))
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(header_layer(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header_layer(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_layer(header::CACHE_CONTROL, "no-store"))
        .layer(header_layer(HeaderName::from_static("x-robots-tag"), "noindex"))
        .with_state(deps)
}

fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

async fn style() -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    ([kind, (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))], STYLE)
}

async fn nowhere(deps: axum::extract::State<ApiDeps>, headers: HeaderMap) -> Response {
    PageError::NotFound.page(&deps, &headers)
}

/// What a link opens.
struct Opened {
    message: Message,
    wording: &'static Wording,
}

/// Why a page can't be shown.
#[derive(Debug)]
enum PageError {
    /// The link is damaged, made elsewhere or for something else, or its message is gone. Which of them is nobody's business.
    NotFound,
    /// The database does not answer.
    Unavailable,
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "Patient page could not be shown");
        Self::Unavailable
    }
}

impl PageError {
    /// The page that says so, in the language the browser asks for.
    fn page(&self, deps: &ApiDeps, headers: &HeaderMap) -> Response {
        let wording = Wording::choose(None, headers);
        let (status, title, text) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, wording.not_found_title, wording.not_found_text),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, wording.unavailable_title, wording.unavailable_text),
        };
        let mut response = Page::new(wording, &deps.organization, title).paragraph(text).answer(status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

/// The message a token was made for.
async fn open(deps: &ApiDeps, purpose: LinkPurpose, token: &str, headers: &HeaderMap) -> Result<Opened, PageError> {
    let payload = deps.links.verify(purpose, token, deps.clock.now()).map_err(|_| PageError::NotFound)?;
    let id = Uuid::from_slice(&payload).map(MessageId::from_uuid).map_err(|_| PageError::NotFound)?;
    let message = deps.store.message(id).await?.ok_or(PageError::NotFound)?.message;
    // The message was written in the person's language.
    let wording = Wording::choose(message.language.as_deref(), headers);
    Ok(Opened { message, wording })
}

/// The preference page of whoever got the message.
fn preferences_page(deps: &ApiDeps, message: MessageId) -> String {
    // Sixteen bytes are far from the longest payload, so signing them can't be refused.
    let token = deps.links.sign(LinkPurpose::Preferences, message.as_uuid().as_bytes(), None).unwrap_or_default();
    format!("/p/preferences/{token}")
}

//! Notifications of FHIR servers (R4 rest-hook; subscriptions-backport).

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use gateway_auth::webhook_secret::{is_secret, is_signature};
use gateway_domain::ids::PushSubscriptionId;
use gateway_domain::push_subscription::PushSubscription;
use gateway_ports::push::Delivery;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::ApiDeps;

/// The most bytes of a notification that are read. What is larger is taken as "something changed".
const LARGEST: usize = 512 << 10;
/// Some servers read the answer, and take only FHIR.
const TAKEN: &str = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}"#;

/// A notification at the address itself.
pub(crate) async fn take(State(deps): State<ApiDeps>, Path(subscription): Path<String>, request: Request) -> Response {
    answer(&deps, &subscription, None, request).await
}

/// A notification below the address, with type and id as in a FHIR write.
pub(crate) async fn take_below(
    State(deps): State<ApiDeps>,
    Path((subscription, resource_type, id)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    answer(&deps, &subscription, Some((&resource_type, &id)), request).await
}

async fn answer(deps: &ApiDeps, subscription: &str, place: Option<(&str, &str)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match receive(deps, subscription, place, &parts.headers, body).await {
        Ok(()) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"))], TAKEN).into_response(),
        Err(status) => {
            let outcome = if status == StatusCode::UNAUTHORIZED { "refused" } else { "unavailable" };
            metrics::counter!("push_refusals_total", "reason" => outcome).increment(1);
            status.into_response()
        }
    }
}

async fn receive(
    deps: &ApiDeps,
    subscription: &str,
    place: Option<(&str, &str)>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(), StatusCode> {
    // An unknown subscription and a wrong secret get the same answer, so that nobody learns which ones there are.
    const REFUSED: StatusCode = StatusCode::UNAUTHORIZED;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (secret, signature) = (presented(headers), text("x-signature"));
    if secret.is_none() && signature.is_none() {
        return Err(REFUSED);
    }
    let id: PushSubscriptionId = subscription.parse().map_err(|_| REFUSED)?;
    let found = deps.store.push_subscription(id).await.map_err(|error| {
        tracing::error!(%error, "A notification could not be checked");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    let known: PushSubscription = found.ok_or(REFUSED)?;
    let proved = secret.is_some_and(|it| is_secret(it, known.secret.reveal()));
    if !proved && signature.is_none() {
        return Err(REFUSED);
    }
    #[expect(clippy::disallowed_methods, reason = "it has a limit of its own, lower than the listener's, beyond which the body is left")]
    let body: Option<Bytes> = to_bytes(body, LARGEST).await.ok();
    if !proved {
        // What is too large to be read can't be checked either.
        let signed = body.as_ref().zip(signature).is_some_and(|(body, it)| is_signature(it, body, known.secret.reveal()));
        if !signed {
            return Err(REFUSED);
        }
    }
    let delivery = Delivery { place, deleted: text("x-medplum-deleted-resource"), body: body.as_deref() };
    deps.push.take(&known, delivery);
    Ok(())
}

/// The secret as a header brings it: in our own, or as a bearer token.
fn presented(headers: &HeaderMap) -> Option<&str> {
    if let Some(own) = headers.get("x-outreach-secret") {
        return own.to_str().ok().map(str::trim);
    }
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

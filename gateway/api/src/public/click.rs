//! Following a link of a message: the target is in the ledger, never in the address, so nobody can make a link of ours lead elsewhere.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use gateway_auth::signed_link::LinkPurpose;
use gateway_domain::ids::InteractionId;
use gateway_domain::interaction::{Interaction, InteractionKind};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::Url;

use super::{Opened, PageError, open};
use crate::ApiDeps;

/// Leads on, and notes that the link was followed: an observation, never proof of a person. A HEAD request is a scanner's.
pub(super) async fn follow(
    State(deps): State<ApiDeps>,
    Path((token, link)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    match target(&deps, &token, &link, &headers).await {
        Ok((opened, link, target)) => {
            if method == Method::GET {
                observe(&deps, &opened, link).await;
            }
            (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
        }
        Err(error) => error.page(&deps, &headers),
    }
}

async fn target(deps: &ApiDeps, token: &str, link: &str, headers: &HeaderMap) -> Result<(Opened, u32, HeaderValue), PageError> {
    let opened = open(deps, LinkPurpose::Click, token, headers).await?;
    let link: u32 = link.parse().map_err(|_| PageError::NotFound)?;
    let target = deps.store.link_target(opened.message.id, link).await?.ok_or(PageError::NotFound)?;
    let target = location(&target).ok_or(PageError::NotFound)?;
    Ok((opened, link, target))
}

/// The target as a header, where it is a web page.
fn location(target: &str) -> Option<HeaderValue> {
    let url = Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    HeaderValue::try_from(url.as_str()).ok()
}

async fn observe(deps: &ApiDeps, opened: &Opened, link: u32) {
    let at = deps.clock.now();
    let message = &opened.message;
    let interaction = Interaction {
        id: InteractionId::new(at, deps.entropy.for_id()),
        patient: message.patient,
        message: Some(message.id),
        kind: InteractionKind::Clicked,
        at,
        link: Some(link),
    };
    // The person wants the page; an observation that is lost must not stand in the way.
    match deps.store.record_interaction(&interaction, Some(&message.step)).await {
        Ok(()) => deps.wake.journeys_changed(),
        Err(error) => tracing::warn!(%error, message = %message.id, "Click could not be noted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_are_led_to() {
        assert!(location("https://hospital.example/book?a=1").is_some());
        for hostile in ["javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc/passwd", "\u{1}https", ""] {
            assert!(location(hostile).is_none(), "{hostile}");
        }
        assert_eq!(location("https://a.example/\r\nSet-Cookie: x=1").unwrap(), "https://a.example/Set-Cookie:%20x=1");
    }
}

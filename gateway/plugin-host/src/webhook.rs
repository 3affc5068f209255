//! What a channel's provider tells, read by the channel's plugin.

use gateway_ports::plugins::{DeliveryState, Notice, PluginError, WebhookReceipt, WebhookRequest};
use tokio::time::timeout;

use crate::Shared;
use crate::abi::v0_1::webhook::exports::outreach::plugin::webhook as wit;
use crate::abi::v0_1::{cut, said};
use crate::asked::Asked;
use crate::attempt::{Attempt, Failure};
use crate::install::{Entry, Installed};

/// Notices of one request.
const MOST_NOTICES: usize = 1_000;
/// Bytes of an address, an answer's kind, and an answer.
const LONGEST_ADDRESS: usize = 254;
const LONGEST_KIND: usize = 100;
const LARGEST_ANSWER: usize = 4 << 10;

/// Lets the plugin read a request.
pub(crate) async fn receive(
    shared: &Shared,
    installed: &Installed,
    config: &str,
    request: &WebhookRequest,
) -> Result<WebhookReceipt, PluginError> {
    let Entry::Channel { webhook: Some(component), .. } = &installed.entry else {
        return Err(PluginError::Missing { kind: "webhook", name: installed.manifest.name.to_string() });
    };
    let asked = wit::Request {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        received_at: request.received_at.as_millisecond(),
    };
    let (attempt, mut store) = Attempt::begin(shared, installed, Asked::receive(config, request)).await?;
    let ended = timeout(shared.config.call_time, async {
        let plugin = component.instantiate_async(&mut store).await?;
        plugin.outreach_plugin_webhook().call_receive(&mut store, config, &asked).await
    });
    let ended = ended.await;
    attempt.finish(store, ended, |answer| receipt(answer.map_err(|error| said(&error, installed.manifest.name.as_str()))?))
}

fn receipt(receipt: wit::Receipt) -> Result<WebhookReceipt, Failure> {
    let wit::Receipt { notices, response } = receipt;
    if notices.len() > MOST_NOTICES {
        return Err(Failure::Nonsense(format!("{} notices; at most {MOST_NOTICES} are taken", notices.len())));
    }
    if !(200..=599).contains(&response.status) || response.body.len() > LARGEST_ANSWER {
        return Err(Failure::Nonsense(format!("an answer with status {} and {} bytes", response.status, response.body.len())));
    }
    let content_type = response.content_type;
    if content_type.as_ref().is_some_and(|kind| kind.len() > LONGEST_KIND || !kind.bytes().all(|byte| (b' '..=b'~').contains(&byte))) {
        return Err(Failure::Nonsense("an answer of a kind that can't be".to_owned()));
    }
    let notices = notices.into_iter().map(notice).collect::<Result<_, _>>()?;
    Ok(WebhookReceipt { notices, status: response.status, content_type, body: response.body })
}

fn notice(notice: wit::Notice) -> Result<Notice, Failure> {
    let address = |address: String| {
        if address.is_empty() || address.len() > LONGEST_ADDRESS || address.chars().any(char::is_control) {
            return Err(Failure::Nonsense("an address that can't be".to_owned()));
        }
        Ok(address)
    };
    Ok(match notice {
        wit::Notice::OptedOut(whose) => Notice::OptedOut(address(whose)?),
        wit::Notice::Answered(whose) => Notice::Answered(address(whose)?),
        wit::Notice::Delivery(delivery) => Notice::Delivery {
            provider_id: cut(&delivery.provider_id),
            state: match delivery.state {
                wit::DeliveryState::Delivered => DeliveryState::Delivered,
                wit::DeliveryState::Failed => DeliveryState::Failed,
                wit::DeliveryState::Undeliverable => DeliveryState::Undeliverable,
            },
            reason: delivery.reason.map(|reason| cut(&reason)),
        },
    })
}

//! A channel that does of the gateway what its messages say, and answers what it saw. The plugin host is tested with it.

#[cfg(target_arch = "wasm32")]
mod guest {
    use outreach_plugin_sdk::channel::{Channel, Description, Issue, Message, Outcome, PluginError, Promise};
    use outreach_plugin_sdk::gateway::{Gateway, Hash, HttpRequest};
    use outreach_plugin_sdk::webhook::{Delivery, DeliveryState, Notice, Receipt, Request, Webhook};

    struct Probing;

    impl Channel for Probing {
        fn check(_config: &str) -> Vec<Issue> {
            Vec::new()
        }

        fn describe(_config: &str) -> Result<Description, PluginError> {
            let (medium, content_kinds) = ("probe".into(), vec!["text/plain".into()]);
            Ok(Description { medium, content_kinds, promise: Promise::AtMostOnce, max_batch: 100, per_second: None })
        }

        fn send(_config: &str, messages: &[Message], gateway: &mut impl Gateway) -> Result<Vec<Outcome>, PluginError> {
            Ok(messages.iter().map(|message| Outcome::Unknown(act(message, gateway))).collect())
        }
    }

    /// `to` is what to do: `GET <url>` and `POST <url>` with the attributes as headers, `set <key>`, `get <key>`, `delete <key>`,
    /// `keys <prefix>`, `sign <secret>`, `verify <secret> <hex>`.
    fn act(message: &Message, gateway: &mut impl Gateway) -> String {
        let (verb, what) = message.to.split_once(' ').unwrap_or((&message.to, ""));
        match verb {
            "GET" | "POST" => {
                let mut request = HttpRequest::get(what);
                request.method = verb.into();
                request.headers = message.attributes.clone();
                if verb == "POST" {
                    request.body = message.body.clone();
                }
                match gateway.http(&request) {
                    Ok(response) => format!("{} {}", response.status, String::from_utf8_lossy(&response.body)),
                    Err(error) => format!("{error:?}"),
                }
            }
            "set" => format!("{:?}", gateway.set(what, &message.body)),
            "get" => format!("{:?}", gateway.get(what).map(|value| value.map(|value| String::from_utf8_lossy(&value).into_owned()))),
            "delete" => format!("{:?}", gateway.delete(what)),
            "sign" => format!("{:?}", gateway.sign(what, Hash::Sha256, &message.body).map(|it| outreach_plugin_sdk::webhook::to_hex(&it))),
            "verify" => {
                let (name, signature) = what.split_once(' ').unwrap_or_default();
                let signature = outreach_plugin_sdk::webhook::from_hex(signature).unwrap_or_default();
                format!("{:?}", gateway.verify(name, Hash::Sha256, &message.body, &signature))
            }
            other => format!("nothing is known of `{other}`"),
        }
    }

    impl Webhook for Probing {
        fn receive(_config: &str, request: &Request, _gateway: &mut impl Gateway) -> Result<Receipt, PluginError> {
            match request.body.as_slice() {
                b"forged" => Err(PluginError::Refused("not the provider's".into())),
                b"loop" => loop {
                    std::hint::black_box(0);
                },
                b"many" => Ok(Receipt::of((0..5_000).map(|_| Notice::Answered("a".into())))),
                b"line" => Ok(Receipt::of([Notice::OptedOut("a\r\nb".into())])),
                b"status" => {
                    let mut receipt = Receipt::of([]);
                    receipt.response.status = 99;
                    Ok(receipt)
                }
                body => {
                    let words = String::from_utf8_lossy(body).into_owned();
                    let delivery = Delivery { provider_id: words.clone(), state: DeliveryState::Delivered, reason: None };
                    Ok(Receipt::of([Notice::Delivery(delivery), Notice::OptedOut(format!("{} {words}", request.method))]))
                }
            }
        }
    }

    outreach_plugin_sdk::export_channel!(Probing);
    outreach_plugin_sdk::export_webhook!(Probing);
}

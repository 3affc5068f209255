"""A channel: text messages by the HTTP API of a provider, and what the provider tells by its webhook.

Configuration: ``{ "provider": "https://api.sms.example", "from": "+15550100" }``. The token and the key of the webhook are secrets of the
operator: the plugin uses them by name and never sees them."""

import json
import re

from outreach import (
    Accepted, Answered, Channel, ChannelDescription, Delivery, DeliveryState, Hash, HttpRequest, Invalid, Later, NotSent, MayHaveBeenSent,
    OptedOut, Promise, Reader, Receipt, Refused, Rejected, Unknown, Webhook,
)
from outreach.webhook import from_hex

NUMBER = re.compile(r"\+[0-9]{7,15}")
"""A telephone number as ITU-T E.164 writes it."""
STOP_WORDS = frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"))
"""Words by which a person wants no more messages, as carriers know them."""


def read_settings(document: Reader):
    """Reads the configuration; each finding says where, and what was expected."""
    document.object("provider", "from")
    provider = document.member("provider")
    url = provider.text()
    if url is not None and not url.startswith(("https://", "http://")):
        provider.fatal("expected the base URL of the provider's API, such as `https://api.sms.example`")
    sender = document.member("from")
    number = sender.text()
    if number is not None and not NUMBER.fullmatch(number):
        sender.fatal("expected the number that messages come from, such as `+15550100`")
    return (url or "").rstrip("/"), number


class Sms(Channel, Webhook):
    """The plugin."""

    @classmethod
    def check(cls, config):
        return Reader.check(config, read_settings)

    @classmethod
    def describe(cls, config):
        """The same under each configuration."""
        return ChannelDescription("sms", ["text/plain"], Promise.AT_MOST_ONCE, max_batch=10)

    @classmethod
    def send(cls, config, messages, gateway):
        provider, sender = Reader.require(config, read_settings)
        return [send_one(provider, sender, message, gateway) for message in messages]

    @classmethod
    def receive(cls, config, request, gateway):
        """Anybody can send such a request, so the signature comes first."""
        signature = from_hex(request.header("x-signature") or "") or b""
        if not gateway.verify("webhook", Hash.SHA256, request.body, signature):
            raise Refused("the signature is not the provider's")
        try:
            event = json.loads(request.body)
        except ValueError:
            raise Invalid("the body is no JSON") from None

        def text(name):
            value = event.get(name) if isinstance(event, dict) else None
            return value if isinstance(value, str) else ""

        match text("type"):
            case "delivered":
                return Receipt([Delivery(text("id"), DeliveryState.DELIVERED)])
            case "failed":
                return Receipt([Delivery(text("id"), DeliveryState.FAILED)])
            case "inbound":
                if not NUMBER.fullmatch(text("from")):
                    raise Invalid("/from: expected a telephone number")
                return Receipt([OptedOut(text("from")) if wants_no_more(text("text")) else Answered(text("from"))])
            case _:
                # Providers have new kinds of event now and then.
                return Receipt([])


def send_one(provider, sender, message, gateway):
    if not NUMBER.fullmatch(message.to):
        return Rejected("the address is no telephone number")
    try:
        text = message.body.decode()
    except UnicodeDecodeError:
        return Rejected("the message is no text")
    body = json.dumps({"to": message.to, "from": sender, "text": text, "reference": message.key})
    # The gateway puts the token in its place, and only for the provider's own server.
    request = HttpRequest.post(f"{provider}/v1/messages", "application/json", body.encode())
    try:
        response = gateway.http(request.header("authorization", "Bearer {{secret:token}}"))
    except NotSent:
        return Later()
    except MayHaveBeenSent:
        return Unknown("the exchange with the provider was cut off")
    if response.is_success:
        return Accepted(id_of(response.body))
    if response.status in (400, 422):
        return Rejected(f"the provider refused the message with status {response.status}")
    # After these nobody knows whether it went out: it is never sent again by itself.
    return Unknown(f"the provider failed with status {response.status}") if response.status in (500, 502, 504) else Later()


def id_of(body):
    """The provider's id of a message, by which it tells later what became of it."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("id") if isinstance(answer, dict) else None


def wants_no_more(answer):
    """Whether an answer is a word by which a person wants no more."""
    return re.sub(r"^[^A-Za-z]+|[^A-Za-z]+$", "", answer).upper() in STOP_WORDS

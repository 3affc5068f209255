"""Example of a channel plugin: text messages by the HTTP API of a provider, and what the provider tells by its webhook.

The plugin never sees the provider's token, and nothing of a person is in its log or its errors. A message of which nobody can say whether it
went out is said to be unknown, and is never sent again by itself."""

import json
import re
from dataclasses import dataclass

from outreach import (
    Accepted, Answered, Channel, ChannelDescription, Delivery, DeliveryState, Hash, HttpRequest, Invalid, Later, MayHaveBeenSent, NotSent,
    OptedOut, Promise, Reader, Receipt, Refused, Rejected, Unknown, Webhook,
)
from outreach.document import parse
from outreach.webhook import from_hex

CONTENT_KIND = "text/plain"
STOP_WORDS = frozenset(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ALTO", "PARAR"))
"""Words by which a person wants no more messages, as carriers know them in English and Spanish."""
MOST_EVENTS = 1_000
"""The contract takes no more notices in one answer."""
LONGEST_WAIT_SECONDS = 86_400

NUMBER = re.compile(r"\+[0-9]{7,15}")
"""A telephone number as ITU-T E.164 writes it."""
WORD = re.compile(r"[a-z_-]{1,64}")
"""A reason such as ``carrier-unreachable``; in anything longer there may be something of the person."""
STATES = {state.value: state for state in DeliveryState}


@dataclass
class Settings:
    """What can be configured."""

    provider: str
    sender: str

    @classmethod
    def read(cls, document: Reader):
        document.object("provider", "from")
        provider = document.member("provider")
        url = provider.text()
        if url is not None and url.startswith("http://"):
            provider.advice("messages go to this provider unencrypted; use `https://` for all but trials")
        elif url is not None and not url.startswith("https://"):
            provider.fatal("expected the base URL of the provider's API, such as `https://api.sms.example`")
        sender = document.member("from")
        number = sender.text()
        if number is not None and not NUMBER.fullmatch(number):
            sender.fatal("expected the number that messages come from, `+` and 7 to 15 digits, such as `+15550100`")
        return cls((url or "").rstrip("/"), number)


class Sms(Channel, Webhook):
    """The plugin."""

    @classmethod
    def check(cls, config):
        return Reader.check(config, Settings.read)

    @classmethod
    def describe(cls, config):
        """The same under each configuration."""
        return ChannelDescription("sms", [CONTENT_KIND], Promise.AT_MOST_ONCE, max_batch=10)

    @classmethod
    def send(cls, config, messages, gateway):
        settings = Reader.require(config, Settings.read)
        return [send_one(settings, message, gateway) for message in messages]

    @classmethod
    def receive(cls, config, request, gateway):
        signature = from_hex(request.header("x-signature") or "") or b""
        if not gateway.verify("webhook", Hash.SHA256, request.body, signature):
            raise Refused("the signature is not the provider's")
        try:
            document = parse(request.body)
        except ValueError:
            raise Invalid("the body is no JSON document") from None
        events = document.get("events") if isinstance(document, dict) else None
        if not isinstance(events, list):
            raise Invalid("/events: expected a list")
        if len(events) > MOST_EVENTS:
            raise Invalid("/events: expected at most 1000")
        notices = [notice(event, f"/events/{place}") for place, event in enumerate(events)]
        return Receipt([notice for notice in notices if notice is not None])


def send_one(settings, message, gateway):
    if message.content_kind != CONTENT_KIND:
        return Rejected(f"text messages carry `{CONTENT_KIND}` and nothing else")
    if not NUMBER.fullmatch(message.to):
        return Rejected("the address is no telephone number of the form `+15550100`")
    try:
        text = message.body.decode()
    except UnicodeDecodeError:
        return Rejected("the message is no text")
    if not text.strip():
        return Rejected("the message is empty")
    body = {"to": message.to, "from": settings.sender, "text": text, "reference": message.key}
    request = HttpRequest.post(f"{settings.provider}/v1/messages", "application/json", json.dumps(body).encode())
    try:
        return outcome(gateway.http(request.header("authorization", "Bearer {{secret:token}}")))
    except NotSent:
        return Later()
    except MayHaveBeenSent:
        return Unknown("the exchange with the provider was cut off")


def outcome(response):
    """What the provider's answer means."""
    status = response.status
    if response.is_success:
        return Accepted(id_of(response.body))
    if status in (400, 422):
        return Rejected(f"the provider refused the message with status {status}")
    if status in (429, 503):
        return Later(wait_of(response))
    if status >= 500:
        return Unknown(f"the provider failed with status {status}")
    # A wrong token or address of the provider: the message did not go out, and can when that is mended.
    return Later()


def id_of(body):
    try:
        answer = parse(body)
    except ValueError:
        return None
    return text_of(answer, "id")


def wait_of(response):
    """``Retry-After`` in seconds (RFC 9110 section 10.2.3) as milliseconds. A date says nothing to a plugin, which has no clock."""
    seconds = response.header("retry-after") or ""
    return min(int(seconds), LONGEST_WAIT_SECONDS) * 1_000 if re.fullmatch("[0-9]{1,9}", seconds) else None


def notice(event, place):
    """What an event tells. Kinds that are not known tell nothing: a provider may have new ones."""
    kind = text_of(event, "type")
    if kind is None:
        raise Invalid(f"{place}: expected an object with a `type`")
    if kind == "inbound":
        sender = text_of(event, "from")
        if sender is None or not NUMBER.fullmatch(sender):
            raise Invalid(f"{place}: expected `from`, a telephone number")
        return OptedOut(sender) if wants_no_more(text_of(event, "text") or "") else Answered(sender)
    if kind not in STATES:
        return None
    provider_id = text_of(event, "id")
    if provider_id is None:
        raise Invalid(f"{place}: expected `id`, the provider's id of a message")
    reason = text_of(event, "reason")
    return Delivery(provider_id, STATES[kind], reason if reason and WORD.fullmatch(reason) else None)


def text_of(value, name):
    text = value.get(name) if isinstance(value, dict) else None
    return text if isinstance(text, str) and text else None


def wants_no_more(answer):
    """Whether an answer is one of the words by which a person wants no more, in any case and whatever stands around it."""
    of_word = [place for place, letter in enumerate(answer) if letter.lower() != letter.upper() or letter in "0123456789"]
    return bool(of_word) and answer[of_word[0] : of_word[-1] + 1].upper() in STOP_WORDS

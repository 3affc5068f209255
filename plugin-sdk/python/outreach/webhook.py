"""Webhooks: what a channel's provider tells the gateway.

>>> from outreach.testing import FakeGateway
>>> class Stops(Webhook):
...     "Takes `STOP <address>`, signed."
...     @classmethod
...     def receive(cls, config, request, gateway):
...         if not gateway.verify("webhook", Hash.SHA256, request.body, from_hex(request.header("x-signature") or "") or b""):
...             raise Refused("the signature is not the provider's")
...         return Receipt([OptedOut(request.body.decode().removeprefix("STOP "))])
>>> gateway = FakeGateway().secret("webhook", b"hush")
>>> signature = gateway.sign("webhook", Hash.SHA256, b"STOP +15550100").hex()
>>> signed = Request.post(b"STOP +15550100").with_header("x-signature", signature)
>>> Stops.receive("{}", signed, gateway).notices
[OptedOut(address='+15550100')]

A request that anybody sent is refused:

>>> Stops.receive("{}", Request.post(b"STOP +15550100").with_header("x-signature", "00"), gateway)
Traceback (most recent call last):
outreach.document.Refused: the signature is not the provider's
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .document import Refused
from .gateway import ComponentGateway, Gateway, Hash, load


@dataclass(slots=True)
class Request:
    """A request to the channel's address. The names of headers are in lower case."""

    method: str
    url: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    received_at: int = 0

    @classmethod
    def post(cls, body: bytes) -> Request:
        """A ``POST`` to the channel's address, for tests."""
        return cls("POST", "https://outreach.hospital.example/webhooks/channel/sms", [], body)

    def with_header(self, name: str, value: str) -> Request:
        """One more header, for tests."""
        self.headers.append((name, value))
        return self

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case."""
        return next((value for known, value in self.headers if known == name), None)


class DeliveryState(Enum):
    """What became of a message that the provider had taken."""

    DELIVERED = "delivered"
    """It reached the person's device or mailbox."""
    FAILED = "failed"
    """It did not, and another message might."""
    UNDELIVERABLE = "undeliverable"
    """It did not, and none ever will at this address."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message, by the provider's id; why, in words without anything of the person."""

    provider_id: str
    state: DeliveryState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OptedOut:
    """Whoever has this address wants no more messages by this channel."""

    address: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Whoever has this address answered, and staff should look at it. The words stay with the provider."""

    address: str


@dataclass(slots=True)
class Response:
    """What the provider gets back."""

    status: int = 200
    content_type: str | None = None
    body: bytes = b""


@dataclass(slots=True)
class Receipt:
    """What a request told, and what is answered: that all is well, where nothing else is said."""

    notices: list[Delivery | OptedOut | Answered]
    response: Response = field(default_factory=Response)


class Webhook:
    """A channel that is told by its provider what became of its messages, and what people answered."""

    @classmethod
    def receive(cls, config: str, request: Request, gateway: Gateway) -> Receipt:
        """Reads a request, after it has made sure that it is the provider's. Raises ``Refused`` where it is not, ``Invalid`` where it
        can't be read, ``Unavailable`` where the provider should try again."""
        raise NotImplementedError


def from_hex(text: str) -> bytes | None:
    """Hexadecimal digits as bytes; ``None`` where they are none."""
    try:
        return bytes.fromhex(text) if text.isalnum() else None if text else b""
    except ValueError:
        return None


def export_webhook(plugin: type[Webhook]) -> type:
    """The export of a component: ``Webhook = export_webhook(Mine)`` in the module that is built. Natively it is of no use."""
    from wit_world.exports import webhook as wit

    from .border import answered

    load()

    def notice(of):
        match of:
            case Delivery(provider_id, state, reason):
                return wit.Notice_Delivery(wit.Delivery(provider_id, wit.DeliveryState[state.name], reason))
            case OptedOut(address):
                return wit.Notice_OptedOut(address)
            case Answered(address):
                return wit.Notice_Answered(address)

    class Exported:
        @answered
        def receive(self, config, request):
            taken = Request(request.method, request.url, request.headers, request.body, request.received_at)
            receipt = plugin.receive(config, taken, ComponentGateway())
            response = receipt.response
            return wit.Receipt(
                [notice(of) for of in receipt.notices], wit.Response(response.status, response.content_type, response.body)
            )

    return Exported

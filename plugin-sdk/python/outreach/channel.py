"""Channels: how messages reach people.

>>> from outreach.testing import FakeGateway
>>> class Closed(Channel):
...     "Carries nothing, and says so."
...     @classmethod
...     def describe(cls, config):
...         return ChannelDescription("letter", ["application/pdf"], Promise.AT_MOST_ONCE, max_batch=10)
...     @classmethod
...     def send(cls, config, messages, gateway):
...         return [Rejected("the post office is closed") for message in messages]
>>> letter = Message("msg_1", "12 Main Street", "application/pdf", b"%PDF")
>>> Closed.send("{}", [letter], FakeGateway())
[Rejected(why='the post office is closed')]

A request without an answer is none to guess about: where the server may have got it, the outcome is :class:`Unknown`, and nothing is sent
again by itself. A gateway that was told of no answer refuses the request, as one to an origin that was not granted:

>>> from outreach.gateway import HttpRequest
>>> FakeGateway().http(HttpRequest.get("https://elsewhere.example/"))
Traceback (most recent call last):
outreach.gateway.NotSent: no answer is planned for this request
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .document import Issue
from .gateway import ComponentGateway, Gateway, load


class Promise(Enum):
    """What a crash between the provider's "accepted" and the gateway's commit means."""

    AT_MOST_ONCE = "at-most-once"
    """Never sent again by itself."""
    IDEMPOTENT = "idempotent"
    """The provider honours the message's key; trying again is safe."""


@dataclass(slots=True)
class ChannelDescription:
    """What a channel carries, of which content kinds, what a crash means, most messages in a call and in a second."""

    medium: str
    content_kinds: list[str]
    promise: Promise
    max_batch: int
    per_second: int | None = None


@dataclass(slots=True)
class Message:
    """A message that has passed the gate. The key is the same on every try."""

    key: str
    to: str
    content_kind: str
    body: bytes
    subject: str | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        """An attribute by its name."""
        return next((value for known, value in self.attributes if known == name), None)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; its id."""

    id: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """This recipient will never work; why."""

    why: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; trying again makes sense after so many milliseconds."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The message may or may not have gone out; why."""

    why: str


class Channel:
    """A channel plugin."""

    @classmethod
    def check(cls, config: str) -> list[Issue]:
        """Findings about a configuration; none means it can be used."""
        return []

    @classmethod
    def describe(cls, config: str) -> ChannelDescription:
        """What the channel carries and promises."""
        raise NotImplementedError

    @classmethod
    def send(cls, config: str, messages: list[Message], gateway: Gateway) -> list[Accepted | Rejected | Later | Unknown]:
        """Sends; one outcome for each message, in order. Raises only where nothing was sent at all."""
        raise NotImplementedError


def export_channel(plugin: type[Channel]) -> type:
    """The export of a component: ``Channel = export_channel(Mine)`` in the module that is built. Natively it is of no use."""
    from wit_world.exports import channel as wit

    from .border import answered, issues

    load()

    def outcome(of):
        match of:
            case Accepted(id):
                return wit.Outcome_Accepted(id)
            case Rejected(why):
                return wit.Outcome_Rejected(why)
            case Later(after):
                return wit.Outcome_Later(after)
            case Unknown(why):
                return wit.Outcome_Unknown(why)

    class Exported:
        def check(self, config):
            return issues(plugin.check(config))

        @answered
        def describe(self, config):
            of = plugin.describe(config)
            return wit.Description(of.medium, of.content_kinds, wit.Promise[of.promise.name], of.max_batch, of.per_second)

        @answered
        def send(self, config, messages):
            taken = [Message(of.key, of.to, of.content_kind, of.body, of.subject, of.attributes) for of in messages]
            return [outcome(of) for of in plugin.send(config, taken, ComponentGateway())]

    return Exported

"""What the gateway does for a channel that asked for it and was granted it: HTTP, secrets used, small things kept. In a component it is the
gateway itself (:class:`ComponentGateway`), in a test :class:`outreach.testing.FakeGateway`.

>>> from outreach.testing import FakeGateway
>>> gateway = FakeGateway().answer_http(202, b'{"id": "m1"}')
>>> request = HttpRequest.post("https://api.sms.example/v1/messages", "application/json", b"{}")
>>> gateway.http(request.header("authorization", "Bearer {{secret:token}}")).status
202

No answer is an exception that says whether the server may have got the request:

>>> gateway.http(request)
Traceback (most recent call last):
outreach.gateway.NotSent: no answer is planned for this request
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module

from .border import error_of

_PIECE = 4_096


class Hash(Enum):
    """The hash under an HMAC (RFC 2104). SHA-1 only where a provider knows no better."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


class NotSent(Exception):
    """The gateway, or the server's name or door, refused a request: the server certainly did not get it."""


class MayHaveBeenSent(Exception):
    """There is no answer to a request, and the server may have got it."""


@dataclass(slots=True)
class HttpRequest:
    """A request to a server. In the value of a header, the gateway puts a secret in the place of ``{{secret:name}}``, and
    ``user:secret`` in Base64 in the place of ``{{basic:user:name}}``."""

    method: str
    url: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def get(cls, url: str) -> HttpRequest:
        """A ``GET``."""
        return cls("GET", url)

    @classmethod
    def post(cls, url: str, content_type: str, body: bytes) -> HttpRequest:
        """A ``POST`` of a body of a kind."""
        return cls("POST", url, [("content-type", content_type)], body)

    def header(self, name: str, value: str) -> HttpRequest:
        """One more header."""
        self.headers.append((name, value))
        return self


@dataclass(slots=True)
class HttpResponse:
    """What a server answered, whole. The names of headers are in lower case."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the server did what was asked: a status of 200 to 299."""
        return 200 <= self.status <= 299

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case."""
        return next((value for known, value in self.headers if known == name), None)


class Gateway:
    """What a channel has of the gateway. Each function needs the capability that is named, in ``plugin.toml`` and in the world."""

    def http(self, request: HttpRequest) -> HttpResponse:
        """Sends a request, and waits for the whole response; redirects are answers like others. Raises :class:`NotSent` or
        :class:`MayHaveBeenSent`. Capability ``http``."""
        raise NotImplementedError

    def get(self, key: str) -> bytes | None:
        """What is kept under a key. Capability ``key-value``."""
        raise NotImplementedError

    def set(self, key: str, value: bytes) -> None:
        """Keeps a value of at most 64 KiB under a key of at most 128 bytes. Capability ``key-value``."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """Forgets a key. Capability ``key-value``."""
        raise NotImplementedError

    def sign(self, secret: str, hash: Hash, message: bytes) -> bytes:
        """The HMAC (RFC 2104) of a message by a secret. Capability ``secret:`` with its name."""
        raise NotImplementedError

    def verify(self, secret: str, hash: Hash, message: bytes, signature: bytes) -> bool:
        """Whether a signature is the HMAC of a message by a secret. Capability ``secret:`` with its name."""
        raise NotImplementedError


class ComponentGateway(Gateway):
    """The gateway of a component. What the component's world does not import is not there."""

    def http(self, request: HttpRequest) -> HttpResponse:
        response = _send(request)
        try:
            return _read(response)
        except _failures() as failure:
            raise MayHaveBeenSent("the response was cut off") from failure

    def get(self, key: str) -> bytes | None:
        return _told(_imported("key_value").get, key)

    def set(self, key: str, value: bytes) -> None:
        _told(_imported("key_value").set, key, value)

    def delete(self, key: str) -> None:
        _told(_imported("key_value").delete, key)

    def sign(self, secret: str, hash: Hash, message: bytes) -> bytes:
        interface = _imported("secret")
        return _told(interface.sign, secret, interface.Hash[hash.name], message)

    def verify(self, secret: str, hash: Hash, message: bytes, signature: bytes) -> bool:
        interface = _imported("secret")
        return _told(interface.verify, secret, interface.Hash[hash.name], message, signature)


_MODULES: dict[str, object] = {}


def _imported(name: str):
    """An interface of the component's world. All there are were loaded when the component was built: it has no files."""
    module = _MODULES.get(name)
    if module is None:
        raise RuntimeError(f"the world of this component does not import {name}")
    return module


def load() -> None:
    """Loads what the component's world imports, while it is being built."""
    for name in ("key_value", "secret", "outgoing_handler", "wasi_http_types", "streams"):
        try:
            _MODULES[name] = import_module(f"wit_world.imports.{name}")
        except ModuleNotFoundError:
            continue


def _failures() -> type[Exception]:
    from componentize_py_types import Err

    return Err


def _told(function, *arguments):
    """What the gateway said; its errors become those of this library."""
    try:
        return function(*arguments)
    except _failures() as failure:
        error = error_of(failure.value)
    raise error


def _send(request: HttpRequest):
    http = _imported("wasi_http_types")
    scheme, mark, rest = request.url.partition("://")
    if not mark or scheme not in ("https", "http"):
        raise NotSent("the URL can't be used")
    end = min((place for place in (rest.find("/"), rest.find("?"), rest.find("#")) if place >= 0), default=len(rest))
    path = rest[end:].split("#")[0]
    named = {"GET": "Get", "POST": "Post", "PUT": "Put", "DELETE": "Delete", "PATCH": "Patch", "HEAD": "Head"}.get(request.method)
    try:
        outgoing = http.OutgoingRequest(http.Fields.from_list([(name, value.encode()) for name, value in request.headers]))
        outgoing.set_method(getattr(http, f"Method_{named}")() if named else http.Method_Other(request.method))
        outgoing.set_scheme(http.Scheme_Https() if scheme == "https" else http.Scheme_Http())
        outgoing.set_authority(rest[:end])
        outgoing.set_path_with_query(path if path.startswith("/") else f"/{path}")
        body = outgoing.body() if request.body else None
    except _failures() as failure:
        raise NotSent("the request can't be made") from failure
    try:
        coming = _imported("outgoing_handler").handle(outgoing, None)
    except _failures() as failure:
        raise _failed(failure.value) from None
    if body is not None:
        _write(body, request.body)
    with coming.subscribe() as ready:
        ready.block()
    answer = coming.get()
    # Two results, one in the other: whether it was taken before, and whether there is a response.
    while type(answer).__name__ == "Ok":
        answer = answer.value
    if type(answer).__name__ == "Err":
        raise _failed(answer.value)
    if answer is None:
        raise MayHaveBeenSent("the response was taken before")
    return answer


def _write(body, content: bytes) -> None:
    """Sends a body. A server may answer before it has the whole, and a refused request takes none: what went wrong the response tells."""
    try:
        with body.write() as stream:
            for place in range(0, len(content), _PIECE):
                stream.blocking_write_and_flush(content[place : place + _PIECE])
    except _failures():
        body.__exit__(None, None, None)
        return
    try:
        _imported("wasi_http_types").OutgoingBody.finish(body, None)
    except _failures():
        return


def _read(response) -> HttpResponse:
    streams = _imported("streams")
    status = response.status()
    with response.headers() as fields:
        headers = [(name.lower(), value.decode(errors="replace")) for name, value in fields.entries()]
    pieces = []
    with response.consume() as body, body.stream() as stream:
        while True:
            try:
                pieces.append(stream.blocking_read(64 * 1024))
            except _failures() as failure:
                if isinstance(failure.value, streams.StreamError_Closed):
                    return HttpResponse(status, headers, b"".join(pieces))
                raise


_NEVER_SENT = frozenset((
    "HttpRequestDenied", "DnsTimeout", "DnsError", "DestinationNotFound", "DestinationIpProhibited", "DestinationIpUnroutable",
    "ConnectionRefused", "ConnectionTimeout", "ConnectionLimitReached", "TlsCertificateError", "HttpRequestUriInvalid",
    "HttpRequestMethodInvalid", "HttpRequestBodySize",
))


def _failed(error) -> Exception:
    """Before a connection stands, nothing was sent."""
    name = type(error).__name__.removeprefix("ErrorCode_")
    return NotSent(name) if name in _NEVER_SENT else MayHaveBeenSent(name)

"""Reading a typed JSON document so that every finding names its place and its fix, and all findings come at once.

>>> def settings(document):
...     document.object("from", "months")
...     return document.member("from").text(), document.member("months").integer(1, 120)
>>> Reader.require('{"from": "+15550100", "months": 12}', settings)
('+15550100', 12)

What can't be used is told where, and as what was expected:

>>> for issue in Reader.check('{"form": "+15550100", "months": 1200}', settings):
...     print(issue.path, issue.message)
/form `form` is not known here; did you mean `from`?
/from expected a text, found nothing
/months expected a whole number from 1 to 120, found 1200
>>> Reader.require("12 months", settings)
Traceback (most recent call last):
outreach.document.Invalid: : this is not a JSON document: Extra data: line 1 column 4 (char 3)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Found = TypeVar("Found")

_MOST_LEVELS = 128
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)


class PluginError(Exception):
    """What a plugin says went wrong. Every other exception stops the call."""


class Invalid(PluginError):
    """The configuration or what was sent can't be read; the text says where and what was expected."""


class Refused(PluginError):
    """The plugin refuses for a reason of its own."""


class Unavailable(PluginError):
    """Something outside did not answer; trying again makes sense after so many milliseconds."""

    def __init__(self, retry_after: int | None = None):
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: a JSON pointer (RFC 6901), a sentence that names the thing and the fix, whether the document can't be used."""

    path: str
    message: str
    fatal: bool = True


def parse(text: str | bytes) -> Any:
    """The value of a JSON document. ``ValueError`` where it is none, whatever was sent."""
    text = text.decode() if isinstance(text, bytes) else text
    if text.count("[") + text.count("{") > _MOST_LEVELS and _levels(text) > _MOST_LEVELS:
        raise ValueError("it is nested too deep")
    value = json.loads(text, parse_constant=_no_number)
    if "\\u" in text:
        # Half of a letter can be written in JSON, and is no text: it could not cross the border again.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _levels(text: str) -> int:
    """How deep a document is nested at its deepest. The stack of a component is short, and what is too deep for it is a trap."""
    level = deepest = 0
    for mark in _STRING_OR_BRACKET.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        deepest = max(deepest, level)
    return deepest


def _no_number(name: str):
    raise ValueError(f"{name} is no number")


class Reader:
    """A place in a document: the value there, the JSON pointer to it, and the findings so far."""

    def __init__(self, value: Any, path: str, issues: list[Issue]):
        self.value, self.path, self._issues = value, path, issues

    @classmethod
    def check(cls, text: str, read: Callable[[Reader], Any]) -> list[Issue]:
        """Reads a document and says what is wrong with it."""
        return cls.read(text, read)[1]

    @classmethod
    def read(cls, text: str, read: Callable[[Reader], Found]) -> tuple[Found | None, list[Issue]]:
        """Reads a document: what it says, where nothing fatal was found, and the findings."""
        try:
            value = parse(text)
        except ValueError as error:
            return None, [Issue("", f"this is not a JSON document: {error}")]
        issues: list[Issue] = []
        found = read(cls(value, "", issues))
        return (None if any(issue.fatal for issue in issues) else found), issues

    @classmethod
    def require(cls, text: str, read: Callable[[Reader], Found]) -> Found:
        """What a document says, or the first of its fatal findings as an error."""
        found, issues = cls.read(text, read)
        for issue in issues:
            if issue.fatal:
                raise Invalid(f"{issue.path}: {issue.message}")
        return found

    def fatal(self, message: str) -> None:
        """A finding at this place that must be mended."""
        self._issues.append(Issue(self.path, message))

    def advice(self, message: str) -> None:
        """A finding at this place that is worth a look."""
        self._issues.append(Issue(self.path, message, fatal=False))

    def has(self, name: str) -> bool:
        """Whether this object has such a member."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def member(self, name: str) -> Reader:
        """The place of a member; a missing one reads as nothing."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return Reader(value, f"{self.path}/{name.replace('~', '~0').replace('/', '~1')}", self._issues)

    def object(self, *known: str) -> bool:
        """Whether this is an object with no other members than these; each other one is a finding that names the nearest known."""
        if not isinstance(self.value, dict):
            self.fatal(f"expected an object, found {_name_of(self.value)}")
            return False
        for name in sorted(self.value):
            if name not in known:
                nearest = min(known, key=lambda candidate: _distance(name, candidate), default="")
                near = _distance(name, nearest) <= 2
                hint = f"did you mean `{nearest}`?" if near else f"expected one of {_listed(known)}"
                self.member(name).fatal(f"`{name}` is not known here; {hint}")
        return True

    def text(self) -> str | None:
        """A text that is not empty."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        self.fatal(f"expected a text, found {_name_of(self.value)}")
        return None

    def integer(self, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        if type(self.value) is int and least <= self.value <= most:
            return self.value
        self.fatal(f"expected a whole number from {least} to {most}, found {_name_of(self.value)}")
        return None

    def number(self) -> float | None:
        """A number."""
        if type(self.value) in (int, float):
            return float(self.value)
        self.fatal(f"expected a number, found {_name_of(self.value)}")
        return None

    def boolean(self) -> bool | None:
        """True or false."""
        if isinstance(self.value, bool):
            return self.value
        self.fatal(f"expected true or false, found {_name_of(self.value)}")
        return None

    def items(self, most: int, read: Callable[[Reader], Found | None]) -> list[Found] | None:
        """Each item of a list that is not empty; ``None`` where one of them, or the list, can't be read."""
        if not isinstance(self.value, list) or not self.value:
            self.fatal(f"expected a list with at least one item, found {_name_of(self.value)}")
            return None
        if len(self.value) > most:
            self.fatal(f"expected at most {most} items, found {len(self.value)}")
            return None
        found = [read(Reader(value, f"{self.path}/{place}", self._issues)) for place, value in enumerate(self.value)]
        return None if any(item is None for item in found) else found

    def choice(self, choices: dict[str, Found]) -> Found | None:
        """One of several texts, each with its meaning."""
        if isinstance(self.value, str) and self.value in choices:
            return choices[self.value]
        self.fatal(f"expected one of {_listed(choices)}, found {_name_of(self.value)}")
        return None


def _name_of(value: Any) -> str:
    """What a value is, in words that fit a message; texts are shown, cut."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"`{value[:60]}`" if value.strip() else "an empty text"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "an object"
        case _:
            return str(value)[:60]


def _listed(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out or changed to make one name the other."""
    other = other[:64]
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one[:64]):
        changed = [place + 1]
        for cell, known in enumerate(other):
            changed.append(min(row[cell] + (letter != known), row[cell + 1] + 1, changed[cell] + 1))
        row = changed
    return row[-1]

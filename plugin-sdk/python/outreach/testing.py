"""For tests: patients built by hand, a stand-in for the gateway's code table, and a gateway of which everything is known.

>>> known = Codes()
>>> patient = PatientBuilder.born("1970-05-01").female().observation("http://loinc.org", "4548-4", "2026-03-01").value(7.1, "%")
>>> batch(known, [patient]).value
[7.1]

A value set that nobody made known resolves to nothing, as where the gateway does not have it:

>>> from outreach import value_set
>>> known.resolve([value_set("https://nobody.example/set")])
[[]]
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .day import NEVER, Day, last_of, read_date
from .document import Refused
from .fact import FactFlags, FactKind
from .gateway import Gateway, Hash, HttpRequest, HttpResponse, MayHaveBeenSent, NotSent
from .lookup import Code, KnownFact, Lookups
from .patient import NONE
from .segment import CodeSetNeed, Population, Segment, Verdicts, evaluate_batch

_UCUM = "http://unitsofmeasure.org"
_MILLISECONDS = 86_400_000


class Codes:
    """A code table: gives each code a number, and knows value sets."""

    def __init__(self):
        self._numbers: dict[tuple[str, str], int] = {}
        self._value_sets: dict[str, list[int]] = {}

    def number(self, system: str, code: str) -> int:
        """The number of a code."""
        return self._numbers.setdefault((system, code), len(self._numbers))

    def value_set(self, url: str, *codes: tuple[str, str]) -> None:
        """Makes a value set known."""
        self._value_sets[url] = [self.number(*code) for code in codes]

    def resolve(self, needs: Sequence[CodeSetNeed]) -> list[list[int]]:
        """Resolves what a plugin needs, as the gateway does."""
        known = self._value_sets
        return [sorted({self.number(*code) for code in need.codes} if need.url is None else set(known.get(need.url, []))) for need in needs]


@dataclass(frozen=True)
class _BuiltFact:
    kind: FactKind
    code: tuple[str, str]
    start: str
    flags: FactFlags = FactFlags.EFFECTIVE
    end: str = ""
    value: float = math.nan
    unit: str = ""


@dataclass(frozen=True)
class PatientBuilder:
    """A patient under construction. Dates are ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; an empty one is unknown."""

    birth: Day = NEVER
    sex: int = 0
    is_deceased: bool = False
    facts: tuple[_BuiltFact, ...] = ()

    @classmethod
    def unknown(cls) -> PatientBuilder:
        """Someone of whom nothing is known."""
        return cls()

    @classmethod
    def born(cls, day: str) -> PatientBuilder:
        """Someone born on a day."""
        return cls(birth=as_day(day))

    def female(self) -> PatientBuilder:
        """Female."""
        return replace(self, sex=1)

    def male(self) -> PatientBuilder:
        """Male."""
        return replace(self, sex=2)

    def deceased(self) -> PatientBuilder:
        """Has died."""
        return replace(self, is_deceased=True)

    def fact(self, kind: FactKind, system: str, code: str, start: str) -> PatientBuilder:
        """With a fact of any kind, effective, that began on a date."""
        return replace(self, facts=(*self.facts, _BuiltFact(kind, (system, code), start)))

    def observation(self, system: str, code: str, on: str) -> PatientBuilder:
        """With an observation."""
        return self.fact(FactKind.OBSERVATION, system, code, on)

    def procedure(self, system: str, code: str, on: str) -> PatientBuilder:
        """With a procedure."""
        return self.fact(FactKind.PROCEDURE, system, code, on)

    def condition(self, system: str, code: str, since: str) -> PatientBuilder:
        """With an active condition."""
        return self.fact(FactKind.CONDITION, system, code, since).flags(FactFlags.EFFECTIVE | FactFlags.ACTIVE)

    def medication(self, system: str, code: str, since: str) -> PatientBuilder:
        """With an active medication."""
        return self.fact(FactKind.MEDICATION, system, code, since).flags(FactFlags.EFFECTIVE | FactFlags.ACTIVE)

    def visit(self, on: str) -> PatientBuilder:
        """With an outpatient visit on one day."""
        visit = self.fact(FactKind.ENCOUNTER, "", "", on)
        return visit.flags(FactFlags.EFFECTIVE | FactFlags.ENDED | FactFlags.OUTPATIENT).until(on)

    def flags(self, flags: FactFlags) -> PatientBuilder:
        """Sets the flags of the last fact."""
        return self._last(flags=flags)

    def until(self, end: str) -> PatientBuilder:
        """Gives the last fact an end."""
        return self._last(end=end)

    def value(self, value: float, unit: str) -> PatientBuilder:
        """Gives the last fact a quantity with a UCUM unit."""
        return self._last(value=value, unit=unit)

    def _last(self, **changed) -> PatientBuilder:
        return replace(self, facts=(*self.facts[:-1], replace(self.facts[-1], **changed))) if self.facts else self


@dataclass
class Batch:
    """Patients as columns, as they cross the border."""

    birth: list[int] = field(default_factory=list)
    sex: list[int] = field(default_factory=list)
    deceased: list[int] = field(default_factory=list)
    fact_offset: list[int] = field(default_factory=lambda: [0])
    kind: list[int] = field(default_factory=list)
    code_offset: list[int] = field(default_factory=lambda: [0])
    code: list[int] = field(default_factory=list)
    fact_flags: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    precision: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    unit: list[int] = field(default_factory=list)
    value_code: list[int] = field(default_factory=list)
    encounter: list[int] = field(default_factory=list)


def batch(codes: Codes, patients: Sequence[PatientBuilder]) -> Batch:
    """Lays patients out as the gateway does."""
    columns = Batch()
    for patient in patients:
        columns.birth.append(int(patient.birth))
        columns.sex.append(patient.sex)
        columns.deceased.append(int(patient.is_deceased))
        for fact in sorted(patient.facts, key=lambda fact: (read_date(fact.start) or (-(2**31), 0))[0]):
            _push(columns, codes, fact)
        columns.fact_offset.append(len(columns.kind))
    return columns


def _span(fact: _BuiltFact) -> tuple[int, int, int]:
    """Start, end and precision as they cross the border."""
    start, own_end = read_date(fact.start), read_date(fact.end)
    lasts = fact.kind.lasts or fact.kind is FactKind.ENCOUNTER
    end = own_end or (None if lasts else start)
    of_end = own_end or start
    return (
        start[0] * _MILLISECONDS if start else -(2**63),
        (last_of(*end) + 1) * _MILLISECONDS - 1 if end else 2**63 - 1,
        (start[1] if start else 0) | (of_end[1] if of_end else 0) << 2 | (own_end is not None) << 4,
    )


def _known(fact: _BuiltFact) -> KnownFact:
    """A fact as it is looked up."""
    start, end, _ = _span(fact)
    return KnownFact(
        fact.kind, (Code(*fact.code),) if fact.code[1] else (), fact.flags,
        None if start == -(2**63) else Day.of_instant(start), None if end == 2**63 - 1 else Day.of_instant(end),
        None if math.isnan(fact.value) else fact.value, Code(_UCUM, fact.unit) if fact.unit else None,
    )


def _push(columns: Batch, codes: Codes, fact: _BuiltFact) -> None:
    start, end, precision = _span(fact)
    columns.kind.append(int(fact.kind))
    if fact.code[1]:
        columns.code.append(codes.number(*fact.code))
    columns.code_offset.append(len(columns.code))
    columns.fact_flags.append(int(fact.flags))
    columns.start.append(start)
    columns.end.append(end)
    columns.precision.append(precision)
    columns.value.append(fact.value)
    columns.unit.append(codes.number(_UCUM, fact.unit) if fact.unit else NONE)
    columns.value_code.append(NONE)
    columns.encounter.append(NONE)


def as_day(text: str) -> Day:
    """The day of a date. An unreadable one is "never"."""
    date = read_date(text)
    return date[0] if date else NEVER


@dataclass
class Answer:
    """An answer, with ways to read it."""

    verdicts: Verdicts

    def is_member(self, patient: int) -> bool:
        """Whether a patient is a member, where the plugin decides one segment of one group."""
        return bool(self.verdicts.populations[patient] & Population.MEMBER)

    def review_on(self, patient: int) -> Day:
        """The next day on which the answer for a patient can change."""
        return Day(self.verdicts.review_on[patient])

    def phrases(self, patient: int) -> list[str]:
        """The phrases given for a patient."""
        first, last = self.verdicts.evidence_offset[patient : patient + 2]
        return [self.verdicts.phrases[phrase] for phrase in self.verdicts.evidence_phrase[first:last]]


@dataclass
class _AskedOf:
    config: str
    code_sets: list[list[int]]
    as_of: int
    with_evidence: bool


def ask(
    plugin: type[Segment], config: str, codes: Codes, on: str, patients: Sequence[PatientBuilder], lookups: Lookups | None = None
) -> Answer:
    """Asks a plugin about patients on a day, with evidence, as the gateway would."""
    columns = batch(codes, patients)
    sets = codes.resolve(plugin.describe(config).code_sets)
    question = _AskedOf(config, sets, as_day(on) * _MILLISECONDS + _MILLISECONDS // 2, True)
    return Answer(evaluate_batch(plugin, question, columns, lookups))


class FakeGateway(Gateway, Lookups):
    """A gateway that grants everything it was told of, and nothing else."""

    def __init__(self):
        self._answers: deque[HttpResponse | Exception] = deque()
        self._kept: dict[str, bytes] = {}
        self._secrets: dict[str, bytes] = {}
        self._value_sets: dict[str, list[Code]] = {}
        self._displays: dict[tuple[str, str], str] = {}
        self._granted: set[FactKind] = set()
        self._patients: Sequence[PatientBuilder] = ()
        self.asked: list[HttpRequest] = []
        """What was asked of servers."""
        self.looked_up: list[int] = []
        """The patients that were looked at, by their places, in turn."""

    def value_set(self, url: str, *codes: tuple[str, str]) -> FakeGateway:
        """It knows a value set."""
        self._value_sets[url] = [Code(*code) for code in sorted(set(codes))]
        return self

    def code_named(self, system: str, code: str, display: str) -> FakeGateway:
        """It knows what a code is called."""
        self._displays[system, code] = display
        return self

    def grant_lookup(self, *kinds: FactKind) -> FakeGateway:
        """Facts of these kinds may be looked up."""
        self._granted.update(kinds)
        return self

    def ask(self, plugin: type[Segment], config: str, codes: Codes, on: str, patients: Sequence[PatientBuilder]) -> Answer:
        """Asks a segment plugin about patients on a day, with evidence. As the gateway does, it sends facts of the kinds the plugin needs, and
        lets the others be looked up as far as they were granted."""
        needed = plugin.describe(config).kinds
        self._patients = patients
        sent = [replace(patient, facts=tuple(fact for fact in patient.facts if fact.kind in needed)) for patient in patients]
        return ask(plugin, config, codes, on, sent, self)

    def in_value_set(self, url: str, code: Code) -> bool | None:
        known = self._value_sets.get(url)
        return None if known is None else any((of.system, of.code) == (code.system, code.code) for of in known)

    def display(self, code: Code) -> str | None:
        return self._displays.get((code.system, code.code))

    def expand(self, url: str) -> list[Code] | None:
        return self._value_sets.get(url)

    def look_up(self, row: int, kinds: Sequence[FactKind]) -> list[KnownFact]:
        self.looked_up.append(row)
        missing = [f"`lookup:{kind.document_name}`" for kind in kinds if kind not in self._granted]
        if missing:
            raise Refused(f"the plugin was not granted {', '.join(missing)}")
        facts = [fact for fact in self._patients[row].facts if fact.kind in kinds]
        return [_known(fact) for fact in sorted(facts, key=lambda fact: _span(fact)[0], reverse=True)]

    def answer_http(self, status: int, body: bytes = b"", **headers: str) -> FakeGateway:
        """The next request gets this answer; ``retry_after="5"`` is a header, too."""
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self._answers.append(HttpResponse(status, named, body))
        return self

    def fail_http(self, error: NotSent | MayHaveBeenSent) -> FakeGateway:
        """The next request gets no answer."""
        self._answers.append(error)
        return self

    def secret(self, name: str, secret: bytes) -> FakeGateway:
        """There is a secret of this name."""
        self._secrets[name] = secret
        return self

    def http(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        answer = self._answers.popleft() if self._answers else NotSent("no answer is planned for this request")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def set(self, key: str, value: bytes) -> None:
        self._kept[key] = value

    def delete(self, key: str) -> None:
        self._kept.pop(key, None)

    def sign(self, secret: str, hash: Hash, message: bytes) -> bytes:
        if secret not in self._secrets:
            raise Refused(f"there is no secret `{secret}`")
        return hmac.new(self._secrets[secret], message, getattr(hashlib, hash.value)).digest()

    def verify(self, secret: str, hash: Hash, message: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(secret, hash, message), signature)

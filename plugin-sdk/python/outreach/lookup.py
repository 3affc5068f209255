"""What a segment looks up: codes of terminologies, and patients who need a closer look. In a component it is the gateway itself
(:class:`ComponentLookups`), in a test :class:`outreach.testing.FakeGateway`.

Capability ``lookup`` for codes, ``lookup:`` with each kind for patients; the component's world imports ``outreach:plugin/lookup`` and
``outreach:plugin/patient-lookup``. Each look at a patient is a line in the hospital's audit.

>>> from outreach import Description, FactKind, Segment
>>> from outreach.testing import Codes, FakeGateway, PatientBuilder
>>> ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"
>>> class Diabetes(Segment):
...     "Visitors with any diagnosis of diabetes: by the first letters of the code, which no list of codes can say."
...     @classmethod
...     def describe(cls, config):
...         return Description.one("diabetes", "Diabetes").facts(FactKind.ENCOUNTER)
...     def evaluate(self, patient, question, verdict):
...         if patient.encounters().exists():
...             known = patient.look_up(FactKind.CONDITION)
...             codes = [code for fact in known if fact.counts for code in fact.codes]
...             if any(code.system == ICD_10 and code.code.startswith("E11") for code in codes):
...                 verdict.member()
>>> visitor = PatientBuilder.unknown().visit("2026-03-01")
>>> people = [visitor.condition(ICD_10, "E11.9", "2020"), visitor, PatientBuilder.unknown()]
>>> gateway = FakeGateway().grant_lookup(FactKind.CONDITION)
>>> answer = gateway.ask(Diabetes, "{}", Codes(), "2026-11-23", people)
>>> [answer.is_member(person) for person in range(3)], gateway.looked_up
([True, False, False], [0, 1])

What was not granted, or can't be answered now, is an exception; left alone it ends the call, and nobody is decided over by half of it:

>>> FakeGateway().ask(Diabetes, "{}", Codes(), "2026-11-23", people)
Traceback (most recent call last):
outreach.document.Refused: the plugin was not granted `lookup:condition`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from .border import error_of
from .day import Day
from .document import Refused
from .fact import FactFlags, FactKind

_NO_START, _NO_END = -(2**63), 2**63 - 1
_DOES_NOT_COUNT = FactFlags.IN_ERROR | FactFlags.NOT_DONE | FactFlags.PLANNED


@dataclass(frozen=True, slots=True)
class Code:
    """A code, and what the source calls it where that is known."""

    system: str
    code: str
    display: str | None = None


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A clinical statement with its codes spelled out."""

    kind: FactKind
    codes: tuple[Code, ...]
    flags: FactFlags
    first_day: Day | None
    """The first day it can have begun, where that is known."""
    last_day: Day | None
    """The last day it can have lasted, where that is known and it does not go on."""
    value: float | None = None
    unit: Code | None = None
    value_code: Code | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts: not entered in error, not left undone, not merely planned."""
        return not self.flags & _DOES_NOT_COUNT


class Lookups:
    """What a segment looks up."""

    def in_value_set(self, url: str, code: Code) -> bool | None:
        """Whether a code is in a value set; ``None`` where the gateway does not know the value set."""
        raise NotImplementedError

    def display(self, code: Code) -> str | None:
        """What a code is called; ``None`` where the gateway does not know it."""
        raise NotImplementedError

    def expand(self, url: str) -> list[Code] | None:
        """All codes of a value set, in the order of system and code; ``None`` where the gateway does not know it. To ask whether facts are in
        a value set, name it in the description instead: that costs nothing."""
        raise NotImplementedError

    def look_up(self, row: int, kinds: Sequence[FactKind]) -> list[KnownFact]:
        """Facts of these kinds of the patient in a row, those that began last first; also those that don't count."""
        raise NotImplementedError


class ComponentLookups(Lookups):
    """The look-ups of a component. What the component's world does not import is refused."""

    def in_value_set(self, url: str, code: Code) -> bool | None:
        return _told(_imported("lookup").in_value_set, url, _coding(code))

    def display(self, code: Code) -> str | None:
        return _told(_imported("lookup").display, _coding(code))

    def expand(self, url: str) -> list[Code] | None:
        codes: list[Code] = []
        first: int | None = 0
        while first is not None:
            page = _told(_imported("lookup").expand, url, first)
            if page is None:
                return None
            codes.extend(Code(of.system, of.code) for of in page.codes)
            first = page.next
        return codes

    def look_up(self, row: int, kinds: Sequence[FactKind]) -> list[KnownFact]:
        interface = _imported("patient_lookup")
        asked = interface.Kinds(sum(1 << kind for kind in set(kinds)))
        facts: list[KnownFact] = []
        first: int | None = 0
        while first is not None:
            page = _told(interface.facts, row, asked, first)
            facts.extend(_known(fact) for fact in page.facts)
            first = page.next
        return facts


_MODULES: dict[str, object] = {}


def load() -> None:
    """Loads what the component's world imports, while it is being built: the component has no files to look for modules in."""
    for name in ("lookup", "patient_lookup"):
        try:
            _MODULES[name] = import_module(f"wit_world.imports.{name}")
        except ModuleNotFoundError:
            continue


def _imported(name: str):
    module = _MODULES.get(name)
    if module is None:
        raise Refused(f"the world of this component does not import {name}")
    return module


def _told(function, *arguments):
    from componentize_py_types import Err

    try:
        return function(*arguments)
    except Err as failure:
        error = error_of(failure.value)
    raise error


def _coding(code: Code):
    from .border import contract_types

    return contract_types().Coding(code.system, code.code)


def _code(named) -> Code | None:
    return None if named is None else Code(named.coding.system, named.coding.code, named.display)


def _known(fact) -> KnownFact:
    return KnownFact(
        FactKind(fact.kind), tuple(_code(code) for code in fact.codes), FactFlags(fact.fact_flags),
        None if fact.start == _NO_START else Day.of_instant(fact.start), None if fact.end == _NO_END else Day.of_instant(fact.end),
        fact.value, _code(fact.unit), _code(fact.value_code),
    )

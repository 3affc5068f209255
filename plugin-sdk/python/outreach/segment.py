"""Segments: who belongs to a list of patients, and why. There is a whole example in the documentation of the package.

>>> described = Description.one("adults", "Adults").facts(FactKind.ENCOUNTER).lookback_years(2)
>>> described.segments[0].groups
['adults']

A plugin that raises what is no :class:`~outreach.PluginError` is stopped; what can't be read of its configuration is ``Invalid``:

>>> from outreach.testing import Codes, ask
>>> class Strict(Segment):
...     @classmethod
...     def describe(cls, config):
...         raise Invalid("/ages: expected an object, found nothing")
>>> ask(Strict, "{}", Codes(), "2026-11-23", [])
Traceback (most recent call last):
outreach.document.Invalid: /ages: expected an object, found nothing
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from .day import NEVER, Day
from .document import Invalid, Issue
from .fact import FactKind
from .lookup import ComponentLookups, Lookups
from .patient import NONE, CodeSet, Fact, Patient, Question

_MOST_PHRASES = 2**16


class Population(IntFlag):
    """Bits of a population."""

    INITIAL = 1
    DENOMINATOR = 2
    EXCLUSION = 4
    EXCEPTION = 8
    NUMERATOR = 16
    MEMBER = 32


@dataclass(slots=True)
class SegmentInfo:
    """One segment a plugin decides: its key (lower case, digits, hyphens), its title for people, the names of its groups."""

    key: str
    title: str
    groups: list[str]


@dataclass(frozen=True, slots=True)
class CodeSetNeed:
    """A set of codes a plugin refers to: by canonical URL, or spelled out as pairs of system and code."""

    url: str | None
    codes: tuple[tuple[str, str], ...] = ()


def value_set(url: str) -> CodeSetNeed:
    """A value set, by its canonical URL."""
    return CodeSetNeed(url)


def codes(*spelled_out: tuple[str, str]) -> CodeSetNeed:
    """Codes, each as its system and itself."""
    return CodeSetNeed(None, spelled_out)


@dataclass(slots=True)
class Description:
    """What a plugin offers under one configuration, and the minimum it needs for it."""

    segments: list[SegmentInfo]
    kinds: set[FactKind] = field(default_factory=set)
    code_sets: list[CodeSetNeed] = field(default_factory=list)
    years: int | None = None

    @classmethod
    def one(cls, key: str, title: str) -> Description:
        """A plugin with one segment of one group."""
        return cls([SegmentInfo(key, title, [key])])

    def facts(self, *kinds: FactKind) -> Description:
        """Facts of these kinds are needed, too."""
        self.kinds.update(kinds)
        return self

    def code_set(self, need: CodeSetNeed) -> Description:
        """This set of codes is needed, too; sets are numbered from 0 in the order of these calls."""
        self.code_sets.append(need)
        return self

    def lookback_years(self, years: int) -> Description:
        """Facts older than so many years are not looked at."""
        self.years = years
        return self


class Segment:
    """A segment plugin. It is made once for a batch, with its configuration and the code sets of its description, resolved."""

    def __init__(self, config: str, sets: list[CodeSet]):
        """Reads the configuration."""

    @classmethod
    def check(cls, config: str) -> list[Issue]:
        """Findings about a configuration; none means it can be used."""
        return []

    @classmethod
    def describe(cls, config: str) -> Description:
        """What is offered and needed under a configuration; ``Invalid`` where it can't be used."""
        raise NotImplementedError

    def evaluate(self, patient: Patient, question: Question, verdict: VerdictBuilder) -> None:
        """Decides over one patient. A patient of whom nothing is said is no member."""
        raise NotImplementedError


@dataclass(slots=True)
class Verdicts:
    """The answer for a batch, as the columns of the contract."""

    populations: bytearray
    review_on: list[int]
    evidence_offset: list[int]
    evidence_fact: list[int] = field(default_factory=list)
    evidence_phrase: list[int] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    @property
    def phrases(self) -> list[str]:
        """Words, each once."""
        return list(self.places)


class VerdictBuilder:
    """The verdict over one patient, in the making."""

    __slots__ = ("_columns", "_first_group", "_group_count", "wants_evidence")

    def __init__(self, columns: Verdicts, first_group: int, group_count: int, wants_evidence: bool):
        self._columns, self._first_group, self._group_count = columns, first_group, group_count
        self.wants_evidence = wants_evidence
        """Whether evidence is wanted."""

    def populations(self, group: int, bits: Population) -> None:
        """Sets population bits of a group, counted from 0 over all segments of the description."""
        if 0 <= group < self._group_count:
            self._columns.populations[self._first_group + group] |= int(bits)

    def member(self, group: int = 0) -> None:
        """The patient is a member by this group."""
        self.populations(group, Population.MEMBER)

    def review_on(self, day: Day) -> None:
        """The answer can change on this day without new data. The earliest such day counts."""
        self._columns.review_on[-1] = min(self._columns.review_on[-1], int(day))

    def evidence(self, fact: Fact, phrase: str) -> None:
        """A fact that counts, and why."""
        self._add(fact.row, phrase)

    def without_fact(self, phrase: str) -> None:
        """Something that counts and is no fact: an age, or what was looked for and not found."""
        self._add(NONE, phrase)

    def _add(self, row: int, phrase: str) -> None:
        places = self._columns.places
        if not self.wants_evidence or (phrase not in places and len(places) >= _MOST_PHRASES):
            return
        self._columns.evidence_fact.append(row)
        self._columns.evidence_phrase.append(places.setdefault(phrase, len(places)))


def evaluate_batch(plugin: type[Segment], question: Any, patients: Any, lookups: Lookups | None = None) -> Verdicts:
    """The answer of a plugin for a batch: what the exported function does."""
    groups = sum(len(segment.groups) for segment in plugin.describe(question.config).segments)
    segment = plugin(question.config, [CodeSet(codes) for codes in question.code_sets])
    lookups = lookups or ComponentLookups()
    asked = Question(Day.of_instant(question.as_of), question.with_evidence, lookups)
    rows = len(patients.birth)
    columns = Verdicts(bytearray(rows * groups), [], [0] if asked.with_evidence else [])
    for row in range(rows):
        columns.review_on.append(int(NEVER))
        segment.evaluate(Patient(patients, row, lookups), asked, VerdictBuilder(columns, row * groups, groups, asked.with_evidence))
        if asked.with_evidence:
            columns.evidence_offset.append(len(columns.evidence_fact))
    return columns


def export_segment(plugin: type[Segment]) -> type:
    """The export of a component: ``Segment = export_segment(Mine)`` in the module that is built. Natively it is of no use."""
    from wit_world.exports import segment as wit

    from .border import answered, contract_types, issues
    from .lookup import load

    types = contract_types()
    load()

    def need(of: CodeSetNeed):
        if of.url is not None:
            return wit.CodeSet_ValueSet(of.url)
        return wit.CodeSet_Codes([types.Coding(system, code) for system, code in of.codes])

    class Exported:
        def check(self, config):
            return issues(plugin.check(config))

        @answered
        def describe(self, config):
            described = plugin.describe(config)
            facts = wit.FactKinds(sum(1 << kind for kind in described.kinds))
            needs = wit.Needs(facts, [need(of) for of in described.code_sets], described.years)
            return wit.Description([wit.SegmentInfo(of.key, of.title, of.groups) for of in described.segments], needs)

        @answered
        def evaluate(self, question, patients):
            columns = evaluate_batch(plugin, question, patients)
            return wit.Verdicts(
                bytes(columns.populations), columns.review_on, columns.evidence_offset, columns.evidence_fact, columns.evidence_phrase,
                columns.phrases,
            )

    return Exported

"""One patient of a batch, and that patient's facts, as an author wants to read them.

>>> from outreach.testing import Codes, PatientBuilder, batch
>>> known = Codes()
>>> columns = batch(known, [PatientBuilder.born("1970-05-01").female().observation("http://loinc.org", "4548-4", "2026-03-01").value(7.1, "%")])
>>> patient = Patient(columns, 0)
>>> hba1c = CodeSet([known.number("http://loinc.org", "4548-4")])
>>> patient.age_on(Day.of(2026, 11, 23)), patient.observations().in_set(hba1c).most_recent().value
(56, 7.1)

What is not known is ``None``, and is never guessed:

>>> nobody = Patient(batch(known, [PatientBuilder.unknown()]), 0)
>>> nobody.birth, nobody.age_on(Day.of(2026, 11, 23)), nobody.sex, nobody.observations().most_recent()
(None, None, <Sex.UNKNOWN: 0>, None)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from .day import EVER, NEVER, Day, last_of
from .fact import FactFlags, FactKind
from .lookup import ComponentLookups, KnownFact, Lookups

NONE = 2**32 - 1
"""No value in a column of numbers."""

_NO_START, _NO_END = -(2**63), 2**63 - 1
_DOES_NOT_COUNT = FactFlags.IN_ERROR | FactFlags.NOT_DONE | FactFlags.PLANNED


class CodeSet(frozenset):
    """A set of codes as resolved by the gateway."""

    __slots__ = ()


class Sex(IntEnum):
    """Administrative sex."""

    UNKNOWN = 0
    FEMALE = 1
    MALE = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Period:
    """A closed range of days."""

    first: Day
    last: Day


@dataclass(frozen=True, slots=True)
class Question:
    """The day of an evaluation, whether evidence is wanted, and what looks codes up."""

    as_of: Day
    with_evidence: bool
    lookups: Lookups = field(default_factory=ComponentLookups)


@dataclass(frozen=True, slots=True)
class Span:
    """When something began and ended, each as the first and last day it can have been."""

    earliest_start: Day
    latest_start: Day
    earliest_end: Day
    latest_end: Day

    def is_certainly_within(self, period: Period) -> bool:
        """Whether it began and ended within the period, whatever was left open."""
        return self.earliest_start >= period.first and self.latest_end <= period.last

    def is_certainly_during(self, period: Period) -> bool:
        """Whether it was going on at some time of the period, whatever was left open."""
        return self.latest_start <= period.last and self.earliest_end >= period.first


class Patient:
    """One patient of a batch."""

    __slots__ = ("_batch", "_lookups", "_row")

    def __init__(self, batch, row: int, lookups: Lookups | None = None):
        self._batch = batch
        self._row = row
        self._lookups = lookups or ComponentLookups()

    def look_up(self, *kinds: FactKind) -> list[KnownFact]:
        """Looks up facts of these kinds, those that began last first; also those that don't count. Capability ``lookup:`` with each kind.
        Each look is a line in the hospital's audit."""
        return self._lookups.look_up(self._row, kinds)

    @property
    def birth(self) -> Day | None:
        """Day of birth; the first possible where only a year or month is known."""
        birth = self._batch.birth[self._row]
        return None if birth == NEVER else Day(birth)

    def age_on(self, day: Day) -> int | None:
        """Age in whole years on a day, where the birth date is known."""
        birth = self.birth
        return None if birth is None else day.age(birth)

    @property
    def sex(self) -> Sex:
        """Administrative sex."""
        sex = self._batch.sex[self._row]
        return Sex(sex) if sex <= 3 else Sex.UNKNOWN

    @property
    def is_deceased(self) -> bool:
        """Whether the person is known or suspected to have died."""
        return self._batch.deceased[self._row] != 0

    def facts(self) -> Facts:
        """All facts that count: none entered in error, none that was not done, none that is merely planned."""
        return Facts(self._batch, self._batch.fact_offset[self._row], self._batch.fact_offset[self._row + 1])

    def of_kind(self, kind: FactKind) -> Facts:
        """Facts of one kind."""
        return self.facts()._narrowed(kind=int(kind))

    def conditions(self) -> Facts:
        """Diagnoses and problems."""
        return self.of_kind(FactKind.CONDITION)

    def medications(self) -> Facts:
        """Medications."""
        return self.of_kind(FactKind.MEDICATION)

    def immunizations(self) -> Facts:
        """Vaccinations."""
        return self.of_kind(FactKind.IMMUNIZATION)

    def procedures(self) -> Facts:
        """Procedures."""
        return self.of_kind(FactKind.PROCEDURE)

    def observations(self) -> Facts:
        """Measurements, results and answers."""
        return self.of_kind(FactKind.OBSERVATION)

    def encounters(self) -> Facts:
        """Visits and stays."""
        return self.of_kind(FactKind.ENCOUNTER)


class Facts:
    """Facts of one patient, narrowed step by step, in the order of their start. Can be walked through any number of times."""

    __slots__ = ("_active", "_batch", "_first", "_kind", "_last", "_set", "_with", "_within", "_without")

    def __init__(self, batch, first: int, last: int):
        self._batch, self._first, self._last = batch, first, last
        self._kind = self._set = self._within = self._active = None
        self._with, self._without = 0, int(_DOES_NOT_COUNT)

    def in_set(self, codes: Iterable[int]) -> Facts:
        """Those with a code of the set."""
        return self._narrowed(set=codes if isinstance(codes, frozenset) else CodeSet(codes))

    def with_flags(self, flags: FactFlags) -> Facts:
        """Those with all of these flags. Asking for what is planned or not done brings it in."""
        return self._narrowed(with_=self._with | int(flags), without=self._without & ~int(flags))

    def without_flags(self, flags: FactFlags) -> Facts:
        """Those with none of these flags."""
        return self._narrowed(without=self._without | int(flags))

    def within(self, period: Period) -> Facts:
        """Those that certainly happened within the period: a stay by its end."""
        return self._narrowed(within=period)

    def active_during(self, period: Period) -> Facts:
        """Those that were certainly going on at some time of the period."""
        return self._narrowed(active=period)

    def most_recent(self) -> Fact | None:
        """The one that began last."""
        return next(self._matching(range(self._last - 1, self._first - 1, -1)), None)

    def exists(self) -> bool:
        """Whether there is one."""
        return next(iter(self), None) is not None

    def at_least(self, count: int) -> bool:
        """Whether there are at least so many."""
        return count == 0 or any(found >= count for found, _ in enumerate(self, 1))

    def __iter__(self) -> Iterator[Fact]:
        return self._matching(range(self._first, self._last))

    def _narrowed(self, **changed) -> Facts:
        facts = Facts(self._batch, self._first, self._last)
        facts._kind, facts._set = changed.get("kind", self._kind), changed.get("set", self._set)
        facts._with, facts._without = changed.get("with_", self._with), changed.get("without", self._without)
        facts._within, facts._active = changed.get("within", self._within), changed.get("active", self._active)
        return facts

    def _matching(self, rows: range) -> Iterator[Fact]:
        batch = self._batch
        for row in rows:
            if self._kind is not None and batch.kind[row] != self._kind:
                continue
            flags = batch.fact_flags[row]
            if flags & self._with != self._with or flags & self._without:
                continue
            fact = Fact(batch, row)
            if self._set is not None and self._set.isdisjoint(fact.codes):
                continue
            if self._within is not None and not fact.happened().is_certainly_within(self._within):
                continue
            if self._active is not None and not fact.lasted().is_certainly_during(self._active):
                continue
            yield fact


class Fact:
    """One clinical statement."""

    __slots__ = ("_batch", "row")

    def __init__(self, batch, row: int):
        self._batch = batch
        self.row = row
        """Its row in the batch."""

    @property
    def kind(self) -> FactKind | None:
        """Its kind."""
        kind = self._batch.kind[self.row]
        return FactKind(kind) if kind < len(FactKind) else None

    @property
    def flags(self) -> FactFlags:
        """Its flags."""
        return FactFlags(self._batch.fact_flags[self.row])

    @property
    def codes(self) -> list[int]:
        """Its codes."""
        batch = self._batch
        return batch.code[batch.code_offset[self.row] : batch.code_offset[self.row + 1]]

    def has_code_in(self, codes: Iterable[int]) -> bool:
        """Whether one of its codes is in the set."""
        return any(code in codes for code in self.codes)

    @property
    def value(self) -> float | None:
        """Its quantity."""
        value = self._batch.value[self.row]
        return None if value != value else value

    @property
    def unit(self) -> int | None:
        """The unit of its quantity."""
        return _known(self._batch.unit[self.row])

    @property
    def value_code(self) -> int | None:
        """Its coded answer."""
        return _known(self._batch.value_code[self.row])

    @property
    def first_day(self) -> Day | None:
        """The first day it can have begun, where that is known."""
        start = self._batch.start[self.row]
        return None if start == _NO_START else Day.of_instant(start)

    @property
    def encounter(self) -> Fact | None:
        """The visit it belongs to."""
        row = _known(self._batch.encounter[self.row])
        if row is None:
            return None
        offsets = self._batch.fact_offset
        row += offsets[bisect_right(offsets, self.row) - 1]
        return Fact(self._batch, row) if row < len(self._batch.kind) else None

    def happened(self) -> Span:
        """The fact as something that happens on a day: by its end where it has one of its own, else by its start."""
        first, last = self._own_end_days() or self._start_days() or (EVER, NEVER)
        return Span(first, last, first, last)

    def lasted(self) -> Span:
        """The fact as something that goes on from its start to its end. Without an end it goes on if it is active; if it is not, nobody
        knows when it ended."""
        active = self._batch.fact_flags[self.row] & FactFlags.ACTIVE
        start = self._start_days() or (EVER, EVER if active else NEVER)
        end = self._own_end_days() or ((NEVER, NEVER) if active else (start[0], NEVER))
        return Span(*start, *end)

    def _start_days(self) -> tuple[Day, Day] | None:
        """First and last day the start can be."""
        first = self.first_day
        return None if first is None else (first, last_of(first, self._batch.precision[self.row] & 3))

    def _own_end_days(self) -> tuple[Day, Day] | None:
        """First and last day the end can be, where the fact has an end of its own."""
        end, precision = self._batch.end[self.row], self._batch.precision[self.row]
        if end == _NO_END or not precision & 16:
            return None
        last = Day.of_instant(end)
        if (precision >> 2) & 3 > 1:
            return last, last
        year, month, _ = last.parts()
        return Day.of(year, month if (precision >> 2) & 3 else 1, 1), last


def _known(number: int) -> int | None:
    return None if number == NONE else number

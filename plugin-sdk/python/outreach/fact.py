"""The words of a fact: its kind and its flags, as they cross the border.

>>> FactKind.named("care-team").lasts
True

A name that is not known is ``None``:

>>> FactKind.named("horoscope") is None
True
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class FactKind(IntEnum):
    """The kinds of clinical statement."""

    CONDITION = 0
    MEDICATION = 1
    ALLERGY = 2
    IMMUNIZATION = 3
    PROCEDURE = 4
    OBSERVATION = 5
    ENCOUNTER = 6
    ORDER = 7
    COVERAGE = 8
    APPOINTMENT = 9
    CARE_TEAM = 10
    INTERACTION = 11
    SUBSCRIPTION = 12

    @classmethod
    def named(cls, name: str) -> FactKind | None:
        """The kind with a name of documents: ``condition``, ``care-team``..."""
        return next((kind for kind in cls if kind.document_name == name), None)

    @property
    def document_name(self) -> str:
        """Its name in documents."""
        return self.name.lower().replace("_", "-")

    @property
    def lasts(self) -> bool:
        """Whether a fact of this kind lasts from its start until it is ended, rather than happening on a day."""
        return self in _LASTING


_LASTING = (FactKind.CONDITION, FactKind.MEDICATION, FactKind.ALLERGY, FactKind.COVERAGE, FactKind.CARE_TEAM, FactKind.SUBSCRIPTION)


class FactFlags(IntFlag):
    """Status, intent and category of a fact."""

    EFFECTIVE = 1 << 0
    """It counts: completed, final, amended, corrected, active... as the kind has it."""
    ACTIVE = 1 << 1
    """Still going on."""
    ENDED = 1 << 2
    """Resolved, stopped, finished, ended."""
    PLANNED = 1 << 3
    """Planned, ordered, requested or booked; it has not happened yet."""
    NOT_DONE = 1 << 4
    """It was stated that this was not done, not given or not to be done."""
    IN_ERROR = 1 << 5
    """Entered in error, or refuted."""
    UNCONFIRMED = 1 << 6
    """Provisional, differential, preliminary."""
    LABORATORY = 1 << 8
    VITAL_SIGN = 1 << 9
    IMAGING = 1 << 10
    SURVEY = 1 << 11
    EXAM = 1 << 12
    PROBLEM_LIST = 1 << 13
    """A condition on the problem list or a health concern."""
    ENCOUNTER_DIAGNOSIS = 1 << 14
    """A diagnosis of an encounter."""
    OUTPATIENT = 1 << 16
    INPATIENT = 1 << 17
    EMERGENCY = 1 << 18
    VIRTUAL = 1 << 19
    """The encounter was by telephone or video."""
    RESTRICTED = 1 << 24
    """The record carries a restricted security label."""

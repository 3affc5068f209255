"""Example of a segment plugin: people of an age who should take a statin, because of diabetes or of a last LDL cholesterol of 190 mg/dL or
more, and for whom no statin is known in the last months. What is not known never makes a member.

Pure: the same configuration, day and patient give the same answer, in Rust, JavaScript and Python."""

from dataclasses import dataclass

from outreach import NEVER, Day, Description, FactKind, Period, Reader, Segment, codes, value_set

LDL = codes(("http://loinc.org", "18262-6"), ("http://loinc.org", "13457-7"))
MILLIGRAMS = codes(("http://unitsofmeasure.org", "mg/dL"))
VERY_HIGH = 190.0
LDL_MONTHS = 24
"""How long an LDL cholesterol says something."""


@dataclass
class Settings:
    """What can be configured."""

    diabetes: str
    statins: str
    first: int = 40
    last: int = 75
    months: int = 12

    @classmethod
    def read(cls, document: Reader):
        document.object("diabetes", "statins", "ages", "months")
        settings = cls(_value_set(document.member("diabetes")), _value_set(document.member("statins")))
        if document.has("ages"):
            ages = document.member("ages")
            if ages.object("from", "to"):
                first, last = ages.member("from").integer(0, 130), ages.member("to").integer(0, 130)
                if first is not None and last is not None and first > last:
                    ages.fatal("`from` is later than `to`, so nobody is of this age")
                settings.first, settings.last = first, last
        if document.has("months"):
            settings.months = document.member("months").integer(1, 120)
        return settings


def _value_set(member: Reader) -> str | None:
    url = member.text()
    if url is not None and not url.startswith(("http://", "https://", "urn:")):
        member.fatal("expected the canonical URL of a value set, which begins with `http://`, `https://` or `urn:`")
    return url


class Statin(Segment):
    """The plugin."""

    @classmethod
    def check(cls, config):
        return Reader.check(config, Settings.read)

    @classmethod
    def describe(cls, config):
        settings = Reader.require(config, Settings.read)
        described = Description.one("statin-due", "No statin, though one is due")
        described.facts(FactKind.CONDITION, FactKind.MEDICATION, FactKind.OBSERVATION)
        for needed in (value_set(settings.diabetes), value_set(settings.statins), LDL, MILLIGRAMS):
            described.code_set(needed)
        return described

    def __init__(self, config, sets):
        self.settings = Reader.require(config, Settings.read)
        self.diabetes, self.statins, self.ldl, self.milligrams = sets

    def evaluate(self, patient, question, verdict):
        settings, today = self.settings, question.as_of
        age = patient.age_on(today)
        if age is None or age > settings.last or patient.is_deceased:
            return
        verdict.review_on(Day.birthday(patient.birth, settings.first if age < settings.first else settings.last + 1))
        if age < settings.first:
            return
        reason = self.reason(patient, today, verdict)
        if reason is None:
            return
        window = Period(today.plus_months(-settings.months), today)
        taken = patient.medications().in_set(self.statins).active_during(window)
        end = max((statin.lasted().earliest_end for statin in taken), default=None)
        if end is not None:
            verdict.review_on(first_day_without(end, settings.months))
            return
        verdict.member()
        verdict.without_fact(f"{age} years old")
        verdict.evidence(*reason)
        verdict.without_fact(f"No statin since {window.first}")

    def reason(self, patient, today, verdict):
        """The fact for which a statin is due, and the words for it."""
        diabetes = patient.conditions().in_set(self.diabetes).active_during(Period(today, today)).most_recent()
        if diabetes is not None:
            return diabetes, "Diabetes"
        window = Period(today.plus_months(-LDL_MONTHS), today)
        ldl = patient.observations().in_set(self.ldl).within(window).most_recent()
        if ldl is None or ldl.unit not in self.milligrams or ldl.value is None or ldl.value < VERY_HIGH:
            return None
        day = ldl.happened().earliest_end
        verdict.review_on(first_day_without(day, LDL_MONTHS))
        return ldl, f"LDL cholesterol of 190 mg/dL or more on {day}"


def first_day_without(end: Day, months: int) -> Day:
    """The first day on which what ended on a day lies more than so many months back."""
    # Months are cut to their length: what ended on 28 February is a month back until 31 March.
    days = (end.plus_months(months).plus_days(days) for days in range(1, 5))
    return next((day for day in days if day.plus_months(-months) > end), NEVER)

"""A segment: people without a visit for so many months.

Configuration: ``{ "months": 12 }``."""

from outreach import Description, FactKind, Period, Reader, Segment


def read_months(document: Reader):
    """Reads the configuration; each finding says where, and what was expected."""
    document.object("months")
    return document.member("months").integer(1, 120)


class WithoutVisit(Segment):
    """The plugin: its configuration, read once for each batch of patients."""

    @classmethod
    def check(cls, config):
        return Reader.check(config, read_months)

    @classmethod
    def describe(cls, config):
        """What the segment is called, and which facts it needs: no others reach it."""
        months = Reader.require(config, read_months)
        return Description.one("without-visit", f"No visit for {months} months").facts(FactKind.ENCOUNTER)

    def __init__(self, config, sets):
        self.months = Reader.require(config, read_months)

    def evaluate(self, patient, question, verdict):
        """Who is not spoken of is no member. What is not known never makes one."""
        if patient.is_deceased:
            return
        since = question.as_of.plus_months(-self.months)
        last = patient.encounters().within(Period(since, question.as_of)).most_recent()
        if last is not None and last.first_day is not None:
            verdict.evidence(last, f"Visit on {last.first_day}")
            # Without new data the answer changes on this day.
            verdict.review_on(last.first_day.plus_months(self.months).plus_days(1))
        else:
            verdict.member()
            verdict.without_fact(f"No visit since {since}")

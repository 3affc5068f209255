"""Calendar days, as the border counts them. The standard library's dates end at the year 9999 and begin at 1; a column of numbers does not.

>>> str(Day.of(2024, 5, 31).plus_months(-3)), Day.of(2022, 3, 1).age(Day.of(2004, 2, 29))
('2024-02-29', 18)

What is no date is ``None``:

>>> read_date("someday") is None
True
"""

from __future__ import annotations

_FIRST, _LAST = -(2**31), 2**31 - 1
_MILLISECONDS = 86_400_000


class Day(int):
    """A calendar day in UTC, as days since 1970-01-01."""

    __slots__ = ()

    @classmethod
    def of(cls, year: int, month: int, day: int) -> Day:
        """The day of a year, month (1-12) and day of the month; a day beyond the end of its month becomes the month's last."""
        month = min(max(month, 1), 12)
        day = min(max(day, 1), _days_in_month(year, month))
        # Years are counted from March, so that the leap day comes last.
        shifted = year - (month <= 2)
        era, era_year = divmod(shifted, 400)
        before_month = (153 * ((month + 9) % 12) + 2) // 5
        day_of_era = era_year * 365 + era_year // 4 - era_year // 100 + before_month + day - 1
        return cls(min(max(era * 146_097 + day_of_era - 719_468, _FIRST), _LAST - 1))

    @classmethod
    def of_instant(cls, milliseconds: int) -> Day:
        """The day of a moment in milliseconds since 1970."""
        return cls(min(max(milliseconds // _MILLISECONDS, _FIRST), _LAST))

    @classmethod
    def birthday(cls, birth: Day, age: int) -> Day:
        """The day on which someone born on ``birth`` turns ``age``."""
        year, month, day = birth.parts()
        year += age
        if (month, day) == (2, 29) and _days_in_month(year, 2) == 28:
            return cls.of(year, 3, 1)
        return cls.of(year, month, day)

    def parts(self) -> tuple[int, int, int]:
        """Year, month and day of the month."""
        era, day_of_era = divmod(int(self) + 719_468, 146_097)
        era_year = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
        day_of_year = day_of_era - (365 * era_year + era_year // 4 - era_year // 100)
        shifted_month = (5 * day_of_year + 2) // 153
        day = day_of_year - (153 * shifted_month + 2) // 5 + 1
        month = (shifted_month + 2) % 12 + 1
        return era * 400 + era_year + (month <= 2), month, day

    def plus_days(self, days: int) -> Day:
        """So many days later, or earlier."""
        return Day(min(max(int(self) + days, _FIRST), _LAST))

    def plus_months(self, months: int) -> Day:
        """So many months later, or earlier; the day of the month is cut to the length of the month."""
        year, month, day = self.parts()
        year, month = divmod(year * 12 + month - 1 + months, 12)
        return Day.of(min(max(year, -200_000), 200_000), month + 1, day)

    def age(self, birth: Day) -> int:
        """Whole years from a birthday to this day; someone born on 29 February turns a year older on 1 March."""
        (birth_year, *born), (year, *today) = birth.parts(), self.parts()
        return year - birth_year - (today < born)

    def __str__(self) -> str:
        year, month, day = self.parts()
        return f"{year:04d}-{month:02d}-{day:02d}"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return "never" if self == _LAST else "ever" if self == _FIRST else str(self)


NEVER = Day(_LAST)
"""Later than every other day."""

EVER = Day(_FIRST)
"""Earlier than every other day."""


def last_of(first: Day, precision: int) -> Day:
    """The last day that a date can be, by its first one and its precision: 0 year, 1 month, else day."""
    year, month, _ = first.parts()
    return Day.of(year, 12, 31) if precision == 0 else Day.of(year, month, 31) if precision == 1 else first


def read_date(text: str) -> tuple[Day, int] | None:
    """The first day of ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, and its precision."""
    parts = text.split("-")
    if len(parts) > 3 or not all(part.isdecimal() for part in parts):
        return None
    year, month, day = (*map(int, parts), 1, 1)[:3]
    return Day.of(year, month, day), len(parts) - 1


def _days_in_month(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 28 + leap if month == 2 else 30 if month in (4, 6, 9, 11) else 31

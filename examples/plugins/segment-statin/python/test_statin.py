"""The plugin natively: the same cases as in Rust and JavaScript."""

import math
import unittest

from outreach import NEVER, FactFlags, FactKind, Invalid
from outreach.testing import Codes, PatientBuilder, as_day, ask
from statin import Statin, first_day_without

CONFIG = '{"diabetes": "urn:diabetes", "statins": "urn:statins"}'
EFFECTIVE, ACTIVE, ENDED = FactFlags.EFFECTIVE, FactFlags.ACTIVE, FactFlags.ENDED
DIABETIC = PatientBuilder.born("1970-05-01").condition("s", "diabetes", "2015")


def asked(*patients):
    codes = Codes()
    codes.value_set("urn:diabetes", ("s", "diabetes"))
    codes.value_set("urn:statins", ("s", "statin"))
    return ask(Statin, CONFIG, codes, "2026-11-23", patients)


def statin(patient, since):
    return patient.fact(FactKind.MEDICATION, "s", "statin", since).flags(EFFECTIVE | ENDED)


def ldl(value, unit):
    return PatientBuilder.born("1970-05-01").observation("http://loinc.org", "13457-7", "2025-11-30").value(value, unit)


class Statins(unittest.TestCase):
    def test_someone_with_diabetes_and_no_statin_is_a_member_and_is_told_why(self):
        answer = asked(DIABETIC)
        self.assertTrue(answer.is_member(0))
        self.assertEqual(answer.phrases(0), ["56 years old", "Diabetes", "No statin since 2025-11-23"])
        self.assertEqual(answer.verdicts.evidence_fact, [2**32 - 1, 0, 2**32 - 1])
        self.assertEqual(str(answer.review_on(0)), "2046-05-01")

    def test_a_statin_that_is_taken_or_was_in_the_last_year_keeps_one_out_until_it_is_a_year_ago(self):
        taken = DIABETIC.fact(FactKind.MEDICATION, "s", "statin", "2020").flags(EFFECTIVE | ACTIVE)
        answer = asked(taken, statin(DIABETIC, "2020").until("2026-02-28"), statin(DIABETIC, "2020").until("2025-11-22"))
        self.assertEqual([answer.is_member(row) for row in range(3)], [False, False, True])
        self.assertEqual([str(answer.review_on(row)) for row in range(2)], ["2046-05-01", "2027-03-01"])

    def test_a_last_cholesterol_counts_in_its_unit_alone(self):
        answer = asked(ldl(190.0, "mg/dL"), ldl(189.9, "mg/dL"), ldl(190.0, "mmol/L"), ldl(math.nan, "mg/dL"))
        self.assertEqual([answer.is_member(row) for row in range(4)], [True, False, False, False])
        self.assertEqual(answer.phrases(0)[1], "LDL cholesterol of 190 mg/dL or more on 2025-11-30")
        self.assertEqual(str(answer.review_on(0)), "2027-12-01")

    def test_who_is_too_young_unknown_too_old_or_dead_is_no_member(self):
        young = PatientBuilder.born("1990-02-28").condition("s", "diabetes", "2015")
        unknown = PatientBuilder.unknown().condition("s", "diabetes", "2015")
        old = PatientBuilder.born("1940").condition("s", "diabetes", "2015")
        answer = asked(young, unknown, old, DIABETIC.deceased())
        self.assertEqual([answer.is_member(row) for row in range(4)], [False] * 4)
        self.assertEqual(str(answer.review_on(0)), "2030-02-28")
        self.assertEqual([answer.review_on(row) for row in (1, 2, 3)], [NEVER] * 3)

    def test_a_configuration_that_can_not_be_used_is_told_where_and_why(self):
        issues = Statin.check('{"diabets": "urn:x", "statins": "statins", "ages": {"from": 76, "to": 75}, "months": 0}')
        self.assertEqual([issue.path for issue in issues], ["/diabets", "/diabetes", "/statins", "/ages", "/months"])
        self.assertIn("did you mean `diabetes`?", issues[0].message)
        self.assertEqual(Statin.check(CONFIG), [])
        with self.assertRaises(Invalid):
            Statin.describe("[]")

    def test_the_day_after_a_window_is_the_first_on_which_it_is_over(self):
        for end, months, first in [("2026-02-28", 1, "2026-04-01"), ("2025-11-30", 24, "2027-12-01"), ("2026-01-31", 1, "2026-03-01")]:
            self.assertEqual(str(first_day_without(as_day(end), months)), first)


if __name__ == "__main__":
    unittest.main()

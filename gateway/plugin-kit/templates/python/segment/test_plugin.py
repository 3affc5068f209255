"""The plugin natively."""

import unittest

from outreach.testing import Codes, PatientBuilder, ask
from plugin import WithoutVisit


def on(day):
    return ask(WithoutVisit, '{ "months": 12 }', Codes(), day, [PatientBuilder.born("1970-05-01").visit("2025-11-20")])


class WithoutVisits(unittest.TestCase):
    def test_who_was_not_seen_for_a_year_is_a_member(self):
        before, after = on("2026-11-20"), on("2026-11-21")
        self.assertEqual((before.is_member(0), str(before.review_on(0))), (False, "2026-11-21"))
        self.assertEqual((after.is_member(0), after.phrases(0)), (True, ["No visit since 2025-11-21"]))

    def test_a_configuration_that_makes_no_sense_is_refused_with_its_place(self):
        self.assertEqual(list(WithoutVisit.check('{ "months": 6 }')), [])
        for wrong in ["{}", '{ "months": 0 }', '{ "months": 12, "month": 1 }', "months"]:
            self.assertTrue(any(issue.fatal for issue in WithoutVisit.check(wrong)), wrong)

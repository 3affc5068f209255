"""The library against what the contract says of unknown, open and missing values, and the examples of its documentation."""

import doctest
import importlib
import pkgutil
import unittest

import outreach
from outreach import Code, CodeSet, Day, FactFlags, FactKind, HttpRequest, NotSent, Patient, Period, Reader, Refused
from outreach.document import parse
from outreach.testing import Codes, FakeGateway, PatientBuilder, batch
from outreach.webhook import from_hex

LOINC = "http://loinc.org"
TODAY = Day.of(2026, 11, 23)


def load_tests(loader, tests, pattern):
    for module in pkgutil.iter_modules(outreach.__path__, "outreach."):
        tests.addTests(doctest.DocTestSuite(importlib.import_module(module.name), optionflags=doctest.IGNORE_EXCEPTION_DETAIL))
    tests.addTests(doctest.DocTestSuite(outreach))
    return tests


def only(builder):
    return Patient(batch(Codes(), [builder]), 0)


class Days(unittest.TestCase):
    def test_days_are_counted_as_the_calendar_counts_them(self):
        self.assertEqual((Day.of(1970, 1, 1), Day.of(2000, 2, 29), Day.of(1969, 12, 31)), (0, 11_016, -1))
        for number in range(-800_000, 800_000, 997):
            self.assertEqual(Day.of(*Day(number).parts()), number)

    def test_a_leap_day_child_has_its_birthday_on_the_first_of_march(self):
        birth = Day.of(2004, 2, 29)
        self.assertEqual(Day.of(2022, 2, 28).age(birth), 17)
        self.assertEqual(str(Day.birthday(birth, 18)), "2022-03-01")
        self.assertEqual(str(Day.birthday(birth, 20)), "2024-02-29")

    def test_a_month_is_cut_to_its_length_and_no_day_leaves_its_column(self):
        self.assertEqual(str(Day.of(2026, 1, 31).plus_months(13)), "2027-02-28")
        self.assertEqual(Day(2**31 - 1).plus_days(5), 2**31 - 1)
        self.assertLessEqual(Day(2**31 - 1).plus_months(2**31), 2**31 - 1)


class Facts(unittest.TestCase):
    def test_what_was_in_error_not_done_or_planned_does_not_count_unless_it_is_asked_for(self):
        patient = only(
            PatientBuilder.unknown()
            .procedure(LOINC, "a", "2026-01-01").flags(FactFlags.IN_ERROR)
            .procedure(LOINC, "a", "2026-01-02").flags(FactFlags.NOT_DONE)
            .procedure(LOINC, "a", "2026-01-03").flags(FactFlags.PLANNED)
        )
        self.assertFalse(patient.procedures().exists())
        self.assertTrue(patient.procedures().with_flags(FactFlags.PLANNED).exists())
        self.assertFalse(patient.procedures().with_flags(FactFlags.PLANNED).at_least(2))

    def test_a_date_of_which_only_the_year_is_known_is_within_no_part_of_the_year(self):
        patient = only(PatientBuilder.unknown().observation(LOINC, "a", "2026"))
        self.assertFalse(patient.observations().within(Period(Day.of(2026, 1, 1), TODAY)).exists())
        self.assertTrue(patient.observations().within(Period(Day.of(2026, 1, 1), Day.of(2026, 12, 31))).exists())

    def test_a_condition_without_an_end_goes_on_only_while_it_is_active(self):
        today = Period(TODAY, TODAY)
        active = only(PatientBuilder.unknown().condition(LOINC, "a", "2020"))
        ended = only(PatientBuilder.unknown().condition(LOINC, "a", "2020").flags(FactFlags.EFFECTIVE | FactFlags.ENDED))
        undated = only(PatientBuilder.unknown().condition(LOINC, "a", ""))
        self.assertTrue(active.conditions().active_during(today).exists())
        self.assertFalse(ended.conditions().active_during(today).exists())
        self.assertTrue(undated.conditions().active_during(today).exists())

    def test_the_most_recent_is_the_one_that_began_last_of_those_in_the_set(self):
        codes = Codes()
        builder = PatientBuilder.unknown().observation(LOINC, "b", "2026-03").observation(LOINC, "a", "2025").observation(LOINC, "a", "2024")
        patient = Patient(batch(codes, [PatientBuilder.unknown(), builder]), 1)
        found = patient.observations().in_set(CodeSet([codes.number(LOINC, "a")])).most_recent()
        self.assertEqual((found.row, str(found.first_day), found.value, found.unit, found.value_code), (1, "2025-01-01", None, None, None))
        self.assertEqual(len(list(patient.observations())), 3)

    def test_a_fact_knows_its_visit(self):
        columns = batch(Codes(), [PatientBuilder.unknown().visit("2020"), PatientBuilder.unknown().visit("2025").observation(LOINC, "a", "2026")])
        columns.encounter[2] = 0
        self.assertEqual(Patient(columns, 1).observations().most_recent().encounter.row, 1)
        columns.encounter[2] = 77
        self.assertIsNone(Patient(columns, 1).observations().most_recent().encounter)


class Documents(unittest.TestCase):
    def test_every_finding_names_its_place(self):
        def read(document):
            document.object("a")
            document.member("a").member("b").items(10, lambda item: item.integer(0, 9))

        issues = Reader.check('{"a": {"b": [1, "x"]}, "c~/d": 1}', read)
        self.assertEqual([issue.path for issue in issues], ["/c~0~1d", "/a/b/1"])

    def test_nothing_that_is_sent_is_more_than_unreadable(self):
        self.assertEqual(len(parse('["[[\\"[[", ' + "[], " * 200 + "1]")), 202)
        for hostile in ["[" * 100_000, "[" * 129 + "]" * 129, b"\xff\xfe", '"\\ud800"', "NaN", "1" * 10_000, ""]:
            with self.assertRaises(ValueError):
                parse(hostile)

    def test_signatures_are_hexadecimal_digits_and_nothing_else(self):
        self.assertEqual(from_hex("000fff"), b"\0\x0f\xff")
        for wrong in ["0", "0g", "é", "+1", "0 0", " 00"]:
            self.assertIsNone(from_hex(wrong), wrong)


class Gateways(unittest.TestCase):
    def test_a_gateway_of_tests_answers_in_turn_and_then_refuses(self):
        gateway = FakeGateway().answer_http(429, retry_after="5")
        self.assertEqual(gateway.http(HttpRequest.get("https://a.example/")).header("retry-after"), "5")
        with self.assertRaises(NotSent):
            gateway.http(HttpRequest.get("https://a.example/"))
        self.assertEqual(len(gateway.asked), 2)

    def test_what_is_kept_is_there_until_it_is_forgotten(self):
        gateway = FakeGateway()
        gateway.set("token", b"1")
        self.assertEqual(gateway.get("token"), b"1")
        gateway.delete("token")
        self.assertIsNone(gateway.get("token"))


class Kinds(unittest.TestCase):
    def test_the_names_of_kinds_read_back(self):
        for kind in FactKind:
            self.assertIs(FactKind.named(kind.document_name), kind)


class LookingUp(unittest.TestCase):
    def test_terminology_is_asked_by_system_and_code_and_what_is_not_known_is_none(self):
        gateway = FakeGateway().value_set("urn:set", (LOINC, "b"), (LOINC, "a")).code_named(LOINC, "a", "Alpha")
        self.assertEqual(gateway.expand("urn:set"), [Code(LOINC, "a"), Code(LOINC, "b")])
        self.assertEqual((gateway.in_value_set("urn:set", Code(LOINC, "b", "Beta")), gateway.in_value_set("urn:other", Code(LOINC, "b"))), (True, None))
        self.assertEqual((gateway.display(Code(LOINC, "a")), gateway.display(Code(LOINC, "b"))), ("Alpha", None))

    def test_a_component_that_does_not_import_it_is_refused(self):
        with self.assertRaises(Refused):
            only(PatientBuilder.unknown()).look_up(FactKind.CONDITION)


if __name__ == "__main__":
    unittest.main()

"""The plugin natively: the same cases as in Rust and JavaScript."""

import json
import unittest

from outreach import (
    Accepted, Answered, Delivery, DeliveryState, Hash, Invalid, Later, MayHaveBeenSent, Message, NotSent, OptedOut, Refused, Rejected,
    Request, Unknown,
)
from outreach.testing import FakeGateway
from sms import CONTENT_KIND, Sms

CONFIG = '{"provider": "https://api.sms.example/", "from": "+15550100"}'
TEXT = "Your appointment is tomorrow. Reply STOP to end."


def message(to="+15550123", kind=CONTENT_KIND, body=TEXT.encode()):
    return Message("msg_1", to, kind, body)


def sent(gateway):
    return Sms.send(CONFIG, [message()], gateway)[0]


def received(body):
    gateway = FakeGateway().secret("webhook", b"hush")
    signature = gateway.sign("webhook", Hash.SHA256, body.encode()).hex()
    return Sms.receive("{}", Request.post(body.encode()).with_header("x-signature", signature), gateway)


class Sending(unittest.TestCase):
    def test_a_message_goes_to_the_provider_with_its_key_and_without_the_token(self):
        gateway = FakeGateway().answer_http(202, b'{"id": "m1"}')
        self.assertEqual(sent(gateway), Accepted("m1"))
        self.assertEqual(gateway.asked[0].url, "https://api.sms.example/v1/messages")
        self.assertIn(("authorization", "Bearer {{secret:token}}"), gateway.asked[0].headers)
        body = {"to": "+15550123", "from": "+15550100", "text": TEXT, "reference": "msg_1"}
        self.assertEqual(json.loads(gateway.asked[0].body), body)

    def test_each_answer_of_the_provider_becomes_its_outcome(self):
        answer = lambda status: sent(FakeGateway().answer_http(status, b"{}"))
        self.assertEqual(answer(200), Accepted(None))
        self.assertEqual(answer(422), Rejected("the provider refused the message with status 422"))
        self.assertEqual([answer(status) for status in (401, 404, 302)], [Later()] * 3)
        self.assertEqual(answer(500), Unknown("the provider failed with status 500"))
        wait = lambda value: sent(FakeGateway().answer_http(429, retry_after=value))
        self.assertEqual([wait("30"), wait("999999999")], [Later(30_000), Later(86_400_000)])
        for other in ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "+5", "", "99999999999"]:
            self.assertEqual(wait(other), Later(), other)

    def test_a_message_that_may_have_gone_out_is_unknown_and_one_that_did_not_is_tried_later(self):
        self.assertEqual(sent(FakeGateway().fail_http(NotSent("refused"))), Later())
        self.assertIsInstance(sent(FakeGateway().fail_http(MayHaveBeenSent("cut"))), Unknown)

    def test_what_is_no_number_or_no_text_never_reaches_the_provider(self):
        wrong = [message(to) for to in ["", "5550123", "+1555012a", "+1 5550123", "+1234567890123456", "+15550123\n"]]
        wrong += [message(kind="text/html"), message(body=b"\xff"), message(body=b" \n")]
        gateway = FakeGateway()
        for outcome in Sms.send(CONFIG, wrong, gateway):
            self.assertIsInstance(outcome, Rejected)
        self.assertEqual(gateway.asked, [])

    def test_a_configuration_that_can_not_be_used_is_told_where_and_why(self):
        self.assertEqual(Sms.check(CONFIG), [])
        issues = Sms.check('{"provider": "api.sms.example", "form": "+15550100"}')
        self.assertEqual([issue.path for issue in issues], ["/form", "/provider", "/from"])
        with self.assertRaises(Invalid):
            Sms.send("{}", [], FakeGateway())
        unencrypted = Sms.check('{"provider": "http://127.0.0.1:8080", "from": "+15550100"}')
        self.assertEqual([issue.fatal for issue in unencrypted], [False])


class Receiving(unittest.TestCase):
    def test_a_request_that_is_not_the_providers_is_refused(self):
        body = b'{"events": []}'
        forged = [Request.post(body), *(Request.post(body).with_header("x-signature", it) for it in ("00", "none"))]
        for request in forged:
            with self.assertRaises(Refused):
                Sms.receive("{}", request, FakeGateway().secret("webhook", b"hush"))
        with self.assertRaises(Refused):
            Sms.receive("{}", forged[0], FakeGateway())

    def test_what_became_of_messages_is_told_without_words_about_the_person(self):
        receipt = received(
            """{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed", "id": "m2", "reason": "carrier-busy"},
            {"type": "undeliverable", "id": "m3", "reason": "+15550123 is Ana's old number"}, {"type": "billed", "id": "m4"}]}"""
        )
        expected = [
            Delivery("m1", DeliveryState.DELIVERED),
            Delivery("m2", DeliveryState.FAILED, "carrier-busy"),
            Delivery("m3", DeliveryState.UNDELIVERABLE),
        ]
        self.assertEqual((receipt.notices, receipt.response.status), (expected, 200))

    def test_who_answers_with_a_word_for_stop_has_opted_out_and_others_have_answered(self):
        def answer(text):
            return received(json.dumps({"events": [{"type": "inbound", "from": "+15550123", "text": text}]})).notices

        for stop in ["STOP", "stop", " Stop! ", "STOPALL", "Unsubscribe.", "cancel", "END", "quit...", "Alto", "¡PARAR!"]:
            self.assertEqual(answer(stop), [OptedOut("+15550123")], stop)
        for other in ["", "Don't stop", "STOPP", "yes", "👍"]:
            self.assertEqual(answer(other), [Answered("+15550123")], other)

    def test_what_can_not_be_read_is_invalid_and_says_where(self):
        for body, place in [
            ("", "JSON"),
            ("[]", "/events"),
            ('{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed"}]}', "/events/1"),
            ('{"events": [{"type": "inbound", "from": "Ana", "text": "STOP"}]}', "/events/0"),
            ('{"events": ["inbound"]}', "/events/0"),
        ]:
            with self.assertRaises(Invalid) as raised:
                received(body)
            self.assertIn(place, str(raised.exception))
            self.assertNotIn("Ana", str(raised.exception))


if __name__ == "__main__":
    unittest.main()

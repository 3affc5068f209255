"""The plugin natively."""

import unittest

from outreach import Accepted, Hash, Later, Message, OptedOut, Refused, Rejected, Request, Unknown
from outreach.testing import FakeGateway
from plugin import Sms

CONFIG = '{ "provider": "https://api.sms.example/", "from": "+15550100" }'


def send(gateway, to="+15550123"):
    return Sms.send(CONFIG, [Message("msg_1", to, "text/plain", b"Hello")], gateway)[0]


class TextMessages(unittest.TestCase):
    def test_a_message_goes_to_the_provider_with_the_token_in_its_place(self):
        gateway = FakeGateway().answer_http(202, b'{"id": "m1"}')
        self.assertEqual(send(gateway), Accepted("m1"))
        self.assertIn(("authorization", "Bearer {{secret:token}}"), gateway.asked[0].headers)

    def test_what_may_have_gone_out_is_never_tried_again(self):
        self.assertIsInstance(send(FakeGateway().answer_http(500, b"")), Unknown)
        self.assertEqual(send(FakeGateway().answer_http(429, b"")), Later())
        self.assertIsInstance(send(FakeGateway(), "ana@example.org"), Rejected)

    def test_a_stop_is_heard_where_the_provider_signed_it(self):
        body = b'{"type": "inbound", "from": "+15550123", "text": " stop. "}'
        gateway = FakeGateway().secret("webhook", b"hush")
        signature = gateway.sign("webhook", Hash.SHA256, body).hex()
        heard = Sms.receive(CONFIG, Request.post(body).with_header("x-signature", signature), gateway)
        self.assertEqual(list(heard.notices), [OptedOut("+15550123")])
        with self.assertRaises(Refused):
            Sms.receive(CONFIG, Request.post(body).with_header("x-signature", "00"), gateway)

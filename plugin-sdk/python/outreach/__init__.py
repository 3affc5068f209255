"""What the author of a plugin of the Outreach Gateway writes in Python.

A plugin is a WebAssembly component that exports an interface of the contract (``plugin-sdk/wit``). It is a class of functions, made the
export of the component by one call, and it runs natively too, so that its tests are plain tests.

>>> from outreach import Description, FactKind, Period, Segment, Sex, codes
>>> from outreach.testing import Codes, PatientBuilder, ask
>>> class NoMammogram(Segment):
...     "Women without a mammogram in the last 27 months."
...     @classmethod
...     def describe(cls, config):
...         described = Description.one("no-mammogram", "No mammogram").facts(FactKind.OBSERVATION)
...         return described.code_set(codes(("http://loinc.org", "24606-6")))
...     def __init__(self, config, sets):
...         self.mammogram = sets[0]
...     def evaluate(self, patient, question, verdict):
...         months = Period(question.as_of.plus_months(-27), question.as_of)
...         screened = patient.observations().in_set(self.mammogram).within(months).most_recent()
...         if patient.sex is Sex.FEMALE and screened is None:
...             verdict.member()
...             verdict.without_fact(f"No mammogram since {months.first}")
...         elif screened is not None and screened.first_day is not None:
...             verdict.review_on(screened.first_day.plus_months(27).plus_days(1))

One woman without, one with a recent mammogram:

>>> never = PatientBuilder.born("1970-05-01").female()
>>> lately = PatientBuilder.born("1970-05-01").female().observation("http://loinc.org", "24606-6", "2026-03-01")
>>> answer = ask(NoMammogram, "{}", Codes(), "2026-11-23", [never, lately])
>>> answer.is_member(0), answer.is_member(1), str(answer.review_on(1))
(True, False, '2028-06-02')

A configuration that can't be used is an error that says where, and what was expected; any other exception stops the call, the gateway
says so, and after several the plugin is left out:

>>> from outreach import Reader
>>> issues = Reader.check('{"version": 1, "tittle": "typo"}', lambda document: document.object("version", "title"))
>>> issues[0].path, issues[0].message
('/tittle', '`tittle` is not known here; did you mean `title`?')
"""

from .channel import Accepted, Channel, ChannelDescription, Later, Message, Promise, Rejected, Unknown, export_channel
from .day import NEVER, Day
from .document import Invalid, Issue, PluginError, Reader, Refused, Unavailable
from .fact import FactFlags, FactKind
from .gateway import Hash, HttpRequest, HttpResponse, MayHaveBeenSent, NotSent
from .lookup import Code, KnownFact, Lookups
from .patient import CodeSet, Fact, Facts, Patient, Period, Question, Sex, Span
from .segment import Description, Population, Segment, SegmentInfo, codes, export_segment, value_set
from .webhook import Answered, Delivery, DeliveryState, OptedOut, Receipt, Request, Response, Webhook, export_webhook

__all__ = [
    "NEVER", "Accepted", "Answered", "Channel", "ChannelDescription", "Code", "CodeSet", "Day", "Delivery", "DeliveryState", "Description",
    "Fact", "FactFlags", "FactKind", "Facts", "Hash", "HttpRequest", "HttpResponse", "Invalid", "Issue", "KnownFact", "Later", "Lookups", "MayHaveBeenSent",
    "Message", "NotSent", "OptedOut", "Patient", "Period", "PluginError", "Population", "Promise", "Question", "Reader", "Receipt",
    "Refused", "Rejected", "Request", "Response", "Segment", "SegmentInfo", "Sex", "Span", "Unavailable", "Unknown", "Webhook",
    "codes", "export_channel", "export_segment", "export_webhook", "value_set",
]

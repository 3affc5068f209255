"""What the component exports."""

from outreach import export_channel, export_webhook
from plugin import Sms

Channel = export_channel(Sms)
Webhook = export_webhook(Sms)

"""What the component exports."""

from outreach import export_segment
from statin import Statin

Segment = export_segment(Statin)

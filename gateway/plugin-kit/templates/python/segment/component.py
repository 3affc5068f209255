"""What the component exports."""

from outreach import export_segment
from plugin import WithoutVisit

Segment = export_segment(WithoutVisit)

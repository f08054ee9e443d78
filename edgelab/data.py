"""The workbook's data as frames, each a copy."""

from edgelab.core.constants import DataError
from edgelab.core.datasets import cloud_rtt, corridors, hubs, places, pops

__all__ = ["DataError", "cloud_rtt", "corridors", "hubs", "places", "pops"]

"""Real isolates, Wasm instances and processes: measured, and tried out, in processes of their own.

Whatever runs there can throw, loop or exhaust memory: its process ends, and this one lives on.
"""

from edgelab.bench import isolates
from edgelab.bench.measuring import measure, measured

__all__ = ["isolates", "measure", "measured"]

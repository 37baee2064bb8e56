"""The gate of Countersign for agents in Python."""

from .errors import ApiError, GateError
from .gate import Gated, gate
from .lease import Lease, current_lease
from .transport import Countersign

__all__ = ["ApiError", "Countersign", "GateError", "Gated", "Lease", "current_lease", "gate"]

"""Infrastructure Scaling, 2. Load Management: ``load_management``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Rate


class RateLimits(Model):
    """A token bucket in the document's words.

    ``default`` is the refill; ``burst`` is the most that any 60 seconds admit, so that the bucket holds their
    difference.
    """

    default: Rate
    """The refill of the bucket: what a client may do in the long run."""
    burst: Rate
    """The most that any 60 seconds admit; the bucket holds ``burst`` less ``default``."""


class Throttling(Model):
    """How much of the API one client may use; with ``Per endpoint``, of each route as well."""

    strategy: Literal["Token bucket"]
    """How requests are counted."""
    limits: RateLimits
    scope: Listed[Literal["Per client", "Per endpoint"]]
    """Whose requests are counted together: a client's, and a client's on one route."""


class Queuing(Model):
    """How work that can wait is queued."""

    implementation: Literal["Message queue"]
    """What holds the work that waits."""
    patterns: Listed[Literal["Priority queuing", "Dead letter queue", "Retry mechanism"]]
    """What the queue does with urgent work, and with work that fails."""


class LoadManagement(Model):
    """Throttling and queuing."""

    throttling: Throttling
    queuing: Queuing

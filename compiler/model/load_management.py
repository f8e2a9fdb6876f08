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
    burst: Rate


class Throttling(Model):
    """How much of the API one client may use; with ``Per endpoint``, of each route as well."""

    strategy: Literal["Token bucket"]
    limits: RateLimits
    scope: Listed[Literal["Per client", "Per endpoint"]]


class Queuing(Model):
    """How work that can wait is queued."""

    implementation: Literal["Message queue"]
    patterns: Listed[Literal["Priority queuing", "Dead letter queue", "Retry mechanism"]]


class LoadManagement(Model):
    """Throttling and queuing."""

    throttling: Throttling
    queuing: Queuing

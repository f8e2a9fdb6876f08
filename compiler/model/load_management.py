"""Infrastructure Scaling, 2. Load Management: ``load_management``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Listed, Model, Only
from compiler.model.units import Rate


class RateLimits(Model):
    """The limits of a token bucket, in the document's words.

    ``default`` is the refill; ``burst`` is the most that any 60 seconds admit, so that the bucket holds their
    difference.
    """

    default: Rate
    """The refill of the bucket: the rate that a client may keep up in the long run."""
    burst: Rate
    """The most that any 60 seconds admit; the bucket holds ``burst`` less ``default``."""


class Throttling(Model):
    """Limits on the requests of one client; with ``Per endpoint``, on each route as well."""

    strategy: Annotated[
        Literal["Token bucket"],
        Only("a rate that may be kept up and a burst above it are what this algorithm is stated by"),
    ]
    """The algorithm by which requests are counted."""
    limits: RateLimits
    scope: Listed[Literal["Per client", "Per endpoint"]]
    """The requests that are counted together: a client's, or a client's on one route."""


class Queuing(Model):
    """The queue for work that can wait."""

    implementation: Annotated[
        Literal["Message queue"],
        Only("what is sent to others has to outlive the request and the pod that caused it"),
    ]
    """The kind of queue."""
    patterns: Listed[Literal["Priority queuing", "Dead letter queue", "Retry mechanism"]]
    """The patterns of the queue for urgent work and for work that fails."""


class LoadManagement(Model):
    """Throttling and queuing."""

    throttling: Throttling
    queuing: Queuing

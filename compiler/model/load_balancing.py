"""Infrastructure Scaling, 3. Load Balancing: ``load_balancing``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Model, Only
from compiler.model.text import UrlPath
from compiler.model.units import Count, Duration, Flag


class TargetHealthCheck(Model):
    """The health check by which the load balancer decides whether a pod can serve."""

    path: UrlPath
    """The path that the load balancer requests."""
    interval: Duration
    """The time between two checks."""
    timeout: Duration
    """The longest time that an answer may take."""
    healthy_threshold: Count
    """Successful checks in a row after which a pod gets requests."""
    unhealthy_threshold: Count
    """Failed checks in a row after which a pod gets none."""


class ApplicationBalancing(Model):
    """The load balancer in front of the pods."""

    type: Annotated[
        Literal["Application Load Balancer"],
        Only("the host, the firewall, stickiness and the health check are about HTTP, which no other kind reads"),
    ]
    """The kind of load balancer: one that understands HTTP."""
    algorithm: Literal["Round Robin", "Least Outstanding Requests"]
    """The algorithm that chooses the pod for a client's first request."""
    session_stickiness: Flag
    """Whether a client's further requests go to the same pod."""
    ssl_termination: Flag
    """Whether TLS ends at the load balancer."""
    health_check: TargetHealthCheck


class DatabaseBalancing(Model):
    """The poolers in front of the database."""

    type: Annotated[
        Literal["Connection Pooling"],
        Only(
            "its connections and time limits are those of poolers, and the database admits fewer sessions than clients"
        ),
    ]
    """The way in which clients share connections to the database."""
    max_connections: Count
    """Client connections of all poolers together."""
    idle_timeout: Duration
    """The time without use after which a connection is closed."""
    connection_timeout: Duration
    """The longest time that connecting may take."""


class LoadBalancing(Model):
    """The distribution of requests over the pods, and of connections over the database."""

    application: ApplicationBalancing
    database: DatabaseBalancing

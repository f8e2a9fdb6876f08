"""Infrastructure Scaling, 3. Load Balancing: ``load_balancing``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.text import UrlPath
from compiler.model.units import Count, Duration, Flag


class TargetHealthCheck(Model):
    """How the load balancer decides that a pod can serve."""

    path: UrlPath
    """The path that the load balancer asks."""
    interval: Duration
    """The time between two questions."""
    timeout: Duration
    """How long an answer may take."""
    healthy_threshold: Count
    """Good answers in a row after which a pod is given requests."""
    unhealthy_threshold: Count
    """Bad answers in a row after which a pod is given none."""


class ApplicationBalancing(Model):
    """The load balancer in front of the pods."""

    type: Literal["Application Load Balancer"]
    """The kind of load balancer: it reads HTTP."""
    algorithm: Literal["Round Robin", "Least Outstanding Requests"]
    """Which pod a client's first request goes to."""
    session_stickiness: Flag
    """Whether a client's further requests go to the same pod."""
    ssl_termination: Flag
    """Whether TLS ends at the load balancer."""
    health_check: TargetHealthCheck


class DatabaseBalancing(Model):
    """The poolers in front of the database."""

    type: Literal["Connection Pooling"]
    """How connections to the database are shared."""
    max_connections: Count
    """Client connections over every pooler."""
    idle_timeout: Duration
    """After how long without use a connection is closed."""
    connection_timeout: Duration
    """How long connecting may take."""


class LoadBalancing(Model):
    """How requests reach the pods, and connections the database."""

    application: ApplicationBalancing
    database: DatabaseBalancing

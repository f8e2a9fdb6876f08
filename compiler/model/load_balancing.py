"""Infrastructure Scaling, 3. Load Balancing: ``load_balancing``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.text import UrlPath
from compiler.model.units import Count, Duration, Flag


class TargetHealthCheck(Model):
    """How the load balancer decides that a pod can serve."""

    path: UrlPath
    interval: Duration
    timeout: Duration
    healthy_threshold: Count
    unhealthy_threshold: Count


class ApplicationBalancing(Model):
    """The load balancer in front of the pods."""

    type: Literal["Application Load Balancer"]
    algorithm: Literal["Round Robin", "Least Outstanding Requests"]
    session_stickiness: Flag
    ssl_termination: Flag
    health_check: TargetHealthCheck


class DatabaseBalancing(Model):
    """The poolers in front of the database."""

    type: Literal["Connection Pooling"]
    max_connections: Count
    """Client connections over every pooler."""
    idle_timeout: Duration
    connection_timeout: Duration


class LoadBalancing(Model):
    """How requests reach the pods, and connections the database."""

    application: ApplicationBalancing
    database: DatabaseBalancing

"""Deployment Configuration, 2. Orchestration: ``orchestration``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Count, Flag, Whole


class Replicas(Model):
    """The bounds of the autoscaler; agree with ``compute.application_tier.instances``."""

    min: Count
    """The fewest pods."""
    max: Count
    """The most pods."""


class RollingUpdate(Model):
    """How a new version replaces an old one."""

    max_surge: Whole
    """How many pods there may be above the wanted number during an update."""
    max_unavailable: Whole
    """How many pods there may be below the wanted number during an update."""


class Affinity(Model):
    """Where pods may stand."""

    node_anti_affinity: Flag
    """Whether two pods avoid one node."""
    zone_spread: Flag
    """Whether the pods are spread over the zones evenly."""


class OrchestrationConfiguration(Model):
    """Replicas, updates and placement."""

    replicas: Replicas
    rolling_update: RollingUpdate
    affinity: Affinity


class Orchestration(Model):
    """How the application is run."""

    platform: Literal["Kubernetes"]
    """What runs the containers."""
    configuration: OrchestrationConfiguration

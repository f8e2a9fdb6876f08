"""Deployment Configuration, 2. Orchestration: ``orchestration``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Count, Flag, Whole


class Replicas(Model):
    """The bounds of the autoscaler; agree with ``compute.application_tier.instances``."""

    min: Count
    max: Count


class RollingUpdate(Model):
    """How a new version replaces an old one."""

    max_surge: Whole
    max_unavailable: Whole


class Affinity(Model):
    """Where pods may stand."""

    node_anti_affinity: Flag
    zone_spread: Flag


class OrchestrationConfiguration(Model):
    """Replicas, updates and placement."""

    replicas: Replicas
    rolling_update: RollingUpdate
    affinity: Affinity


class Orchestration(Model):
    """How the application is run."""

    platform: Literal["Kubernetes"]
    configuration: OrchestrationConfiguration

"""Deployment Configuration, 2. Orchestration: ``orchestration``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Model, Only
from compiler.model.units import Count, Flag, Whole


class Replicas(Model):
    """The bounds of the autoscaler; agree with ``compute.application_tier.instances``."""

    min: Count
    """The fewest pods."""
    max: Count
    """The most pods."""


class RollingUpdate(Model):
    """The rolling update, by which a new version replaces an old one."""

    max_surge: Whole
    """The most pods above the wanted number during an update."""
    max_unavailable: Whole
    """The most pods below the wanted number during an update."""


class Affinity(Model):
    """The placement of pods."""

    node_anti_affinity: Flag
    """Whether no node runs two of the pods."""
    zone_spread: Flag
    """Whether the pods are spread evenly over the availability zones."""


class OrchestrationConfiguration(Model):
    """Replicas, updates and placement."""

    replicas: Replicas
    rolling_update: RollingUpdate
    affinity: Affinity


class Orchestration(Model):
    """The orchestration of the application."""

    platform: Annotated[
        Literal["Kubernetes"],
        Only("everything that runs is an object of Kubernetes or of an operator in it"),
    ]
    """The platform that runs the containers."""
    configuration: OrchestrationConfiguration

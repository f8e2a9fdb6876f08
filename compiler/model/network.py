"""Infrastructure Security, 1. Network Security: ``network``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Flag

Zone = Literal["public", "application", "data", "management"]


class Traffic(Model):
    """What may come in, and where calls may go; everything else is denied."""

    ingress: Listed[Literal["Load balancer", "VPN"]]
    """Who may open connections to the application."""
    egress: Listed[Literal["Dependencies", "Monitoring"]]
    """What the application may open connections to."""


class Segmentation(Model):
    """The zones of the network and the traffic between them."""

    zones: Listed[Zone]
    """The zones; each is a namespace that denies what is not listed."""
    traffic: Traffic


class Ddos(Model):
    """Protection against denial of service."""

    enabled: Flag
    """Whether the edge absorbs floods of requests."""
    auto_scale: Flag
    """Whether the protection grows with a flood."""


class Waf(Model):
    """The web application firewall."""

    enabled: Flag
    """Whether requests are inspected at the edge."""
    rules: Literal["OWASP Top 10"]
    """The set of rules that requests are inspected by."""


class Protection(Model):
    """How the edge is protected."""

    ddos: Ddos
    waf: Waf


class Network(Model):
    """Zones, traffic and protection."""

    segmentation: Segmentation
    protection: Protection

"""Infrastructure Security, 1. Network Security: ``network``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Flag

Zone = Literal["public", "application", "data", "management"]


class Traffic(Model):
    """The allowed traffic in and out of the application; all other traffic is denied."""

    ingress: Listed[Literal["Load balancer", "VPN"]]
    """The sources that may open connections to the application."""
    egress: Listed[Literal["Dependencies", "Monitoring"]]
    """The destinations of connections that the application opens."""


class Segmentation(Model):
    """The zones of the network and the traffic between them."""

    zones: Listed[Zone]
    """The zones; each is a namespace that denies all other traffic."""
    traffic: Traffic


class Ddos(Model):
    """Protection against denial of service."""

    enabled: Flag
    """Whether the firewall refuses an address that floods the load balancer."""
    auto_scale: Flag
    """Whether the load balancer scales from a reserved capacity, which takes the first burst of a flood."""


class Waf(Model):
    """The web application firewall."""

    enabled: Flag
    """Whether requests are inspected at the network's edge."""
    rules: Literal["OWASP Top 10", "OWASP Top 10 and operating system"]
    """The attacks that are looked for: the OWASP Top 10, with or without those on Linux and its shells."""


class Protection(Model):
    """The protection of the network's edge."""

    ddos: Ddos
    waf: Waf


class Network(Model):
    """Zones, traffic and protection."""

    segmentation: Segmentation
    protection: Protection

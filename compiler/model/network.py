"""Infrastructure Security, 1. Network Security: ``network``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Flag

Zone = Literal["public", "application", "data", "management"]


class Traffic(Model):
    """What may come in, and where calls may go; everything else is denied."""

    ingress: Listed[Literal["Load balancer", "VPN"]]
    egress: Listed[Literal["Dependencies", "Monitoring"]]


class Segmentation(Model):
    """The zones of the network and the traffic between them."""

    zones: Listed[Zone]
    traffic: Traffic


class Ddos(Model):
    """Protection against denial of service."""

    enabled: Flag
    auto_scale: Flag


class Waf(Model):
    """The web application firewall."""

    enabled: Flag
    rules: Literal["OWASP Top 10"]


class Protection(Model):
    """How the edge is protected."""

    ddos: Ddos
    waf: Waf


class Network(Model):
    """Zones, traffic and protection."""

    segmentation: Segmentation
    protection: Protection

"""The clouds that a cluster can be in; each translates the same statements into its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.platforms.aws import AWS
from compiler.emit.platforms.azure import AZURE

if TYPE_CHECKING:
    from compiler.emit.platforms.interface import Platform
    from compiler.model.environment import Cluster

_PLATFORMS: dict[str, Platform] = {"aws": AWS, "azure": AZURE}


def platform(cluster: Cluster) -> Platform:
    """Return the cloud that a cluster is in."""
    return _PLATFORMS[cluster.platform]

"""Time limits of the proxy, each of which holds the one inside of it.

An answer of the API takes less than the proxy waits for it, and that less than the load balancer waits. An idle
connection is closed by the side that sends requests on it: by the load balancer before the proxy, and by the proxy
before the API.

Sources: ``connections.database.timeout``, ``load_balancing.database.connection_timeout``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.settings import BALANCER_BEYOND, KEEP_ALIVE_BEYOND
from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site

PROXY_BEYOND = BALANCER_BEYOND // 2
"""How much longer the proxy waits for an answer than the database may take: half as much as the load balancer."""


def request_timeout(site: Site) -> Duration:
    """Return the time that a request may take in the proxy, with every repetition."""
    database = site.settings.database
    return Duration(database.connect_timeout_seconds + database.statement_timeout_seconds) + PROXY_BEYOND


def balancer_idle(site: Site) -> Duration:
    """Return the time after which the load balancer gives an answer up, or closes an idle connection."""
    return Duration(site.settings.process.keep_alive_seconds - KEEP_ALIVE_BEYOND.seconds)


def client_idle(site: Site) -> Duration:
    """Return the time after which the proxy closes an idle connection of the load balancer."""
    return Duration(site.settings.process.keep_alive_seconds)


def server_idle(site: Site) -> Duration:
    """Return the time after which the proxy closes an idle connection to the API."""
    return balancer_idle(site)

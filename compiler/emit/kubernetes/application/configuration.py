"""The ConfigMaps of the API: the settings, with the files beside them, and the authorities of issuers.

A process reads settings when it starts: its pod keeps those that it was made with. It reads authorities again each time
that it fetches keys, so that a new authority replaces no pod.

Sources: the environment's ``sign_in``, ``subscribers`` and ``connectors``, and the cluster's ``workloads``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.contents import by_content
from compiler.emit.kubernetes.common.metadata import LABELS, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pods import Mount
from compiler.emit.names import API, API_ISSUERS
from compiler.emit.serialise import to_json
from compiler.emit.settings import settings_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

SETTINGS_FOLDER = "/etc/cbp"
SETTINGS_FILE = f"{SETTINGS_FOLDER}/settings.json"
SECRETS_FOLDER = "/var/run/secrets/cbp"
_ISSUERS_FOLDER = "/etc/cbp-issuers"
_ISSUERS = "issuers.crt"
_SUBSCRIBERS = "subscribers.json"
_CONNECTORS = "connectors.json"


def settings(site: Site) -> Document:
    """Return the ConfigMap with everything that a process reads when it starts."""
    text = settings_json(site.settings).decode()
    files = {_SUBSCRIBERS: _subscribers(site), _CONNECTORS: _connectors(site)}
    data = {"settings.json": text, **{name: held for name, held in files.items() if held}}
    return by_content(API, Wave.APPLICATION, "application", LABELS, data)


def issuers(site: Site) -> Iterator[Document]:
    """Yield the ConfigMap with the authorities of issuers, where the environment states any."""
    if bundle := _authorities(site):
        data = {_ISSUERS: bundle}
        yield kubernetes_object(
            kinds.CONFIG_MAP, API_ISSUERS, Wave.APPLICATION, zone="application", labels=LABELS, data=data
        )


def mounts(site: Site) -> Iterator[Mount]:
    """Yield the mounts of both, where they are."""
    yield _mount("settings", settings(site)["metadata"]["name"], SETTINGS_FOLDER)
    for document in issuers(site):
        yield _mount("issuers", document["metadata"]["name"], _ISSUERS_FOLDER)


def variables(site: Site) -> dict[str, str]:
    """Return the variables that name the files beside the settings."""
    return {
        **({"CBP_SUBSCRIBERS_FILE": f"{SETTINGS_FOLDER}/{_SUBSCRIBERS}"} if site.subscribers else {}),
        **({"CBP_CONNECTORS_FILE": f"{SETTINGS_FOLDER}/{_CONNECTORS}"} if site.connectors else {}),
        **({"CBP_ISSUER_CA_FILE": f"{_ISSUERS_FOLDER}/{_ISSUERS}"} if _authorities(site) else {}),
    }


def _mount(name: str, config_map: str, folder: str) -> Mount:
    return Mount(name, {"configMap": {"name": config_map, "defaultMode": 0o440}}, folder)


def _authorities(site: Site) -> str:
    """Return the authorities that sign the certificates of issuers of tokens; none where the image trusts them."""
    workloads = site.cluster.workloads
    stated = (site.environment.sign_in.ca_bundle, None if workloads is None else workloads.ca_bundle)
    return "".join(f"{bundle.rstrip()}\n" for bundle in stated if bundle)


def _subscribers(site: Site) -> str:
    """Return the file of the systems to which the API delivers changes; none where there are none."""
    found = [
        {
            "name": each.name,
            "url": each.url,
            "keys_file": f"{SECRETS_FOLDER}/subscribers/{each.name}",
            "namespaces": each.namespaces,
            "priority": each.priority,
        }
        for each in site.subscribers
    ]
    return to_json(found).decode() if found else ""


def _connectors(site: Site) -> str:
    """Return the file of the systems whose notifications the API takes; none where there are none."""
    found = [
        {
            "name": each.name,
            "namespace": each.namespace,
            "form": each.form,
            "keys_file": f"{SECRETS_FOLDER}/connectors/{each.name}",
        }
        for each in site.connectors
    ]
    return to_json(found).decode() if found else ""

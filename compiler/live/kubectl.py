"""Read the objects of a cluster through ``kubectl``, under the rights of its user.

Secrets are read as a table, which carries names, types and labels: their values do not leave the API server.
Upstream: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.live.errors import LiveError
from compiler.live.objects import Fields, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.live.objects import Compiled

# Measurements and events are answers of the moment, not objects that somebody applied.
_PASSING = ("metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io")
_NOT_READ = {"events", "events.events.k8s.io"}
_SECRETS = "secrets"
_BINDINGS = "clusterrolebindings.rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Kubectl:
    """A cluster as ``kubectl`` reaches it: by a context of its configuration, or by the current one."""

    context: str = ""

    def live(self, compiled: Compiled, without: tuple[str, ...] = ()) -> tuple[Fields, ...]:
        """Return every object in the zones, and the cluster-scoped objects of the compiled kinds.

        ``without`` names resources as ``kubectl api-resources -o name`` does; they are not asked for.

        Raises:
            LiveError: kubectl is not there, cannot reach the cluster, or is refused.
        """
        return tuple(self._objects(compiled, without))

    def _objects(self, compiled: Compiled, without: tuple[str, ...]) -> Iterator[Fields]:
        namespaced = self._resources(namespaced=True)
        everywhere = self._resources(namespaced=False)
        if unknown := sorted(set(without) - set(namespaced) - set(everywhere)):
            raise LiveError(f"the cluster has no resource '{unknown[0]}': see kubectl api-resources --output name")
        asked = [name for name in namespaced if name not in {_SECRETS, *without}]
        for zone in compiled.zones:
            yield from self._get(asked, "--namespace", zone)
            if _SECRETS not in without:
                yield from self._secrets(zone)
        held = {item.group_kind for item in compiled.objects if not item.namespace}
        wanted = {_resource(kind) for kind in kinds.KINDS if (kind.group, kind.name) in held} | {_BINDINGS}
        yield from self._get([name for name in everywhere if name in wanted.difference(without)])

    def _resources(self, *, namespaced: bool) -> tuple[str, ...]:
        """Return the names of the resources that can be listed, as ``deployments.apps``."""
        scope = f"--namespaced={str(namespaced).lower()}"
        names = self._run("api-resources", "--verbs=list", scope, "--output=name").decode().split()
        return tuple(name for name in names if name not in _NOT_READ and not name.endswith(_PASSING))

    def _get(self, resources: list[str], *scope: str) -> tuple[Fields, ...]:
        """Return the objects of some resources; those of compiled kinds in the version that was compiled."""
        compiled = {_resource(kind): _versioned(kind) for kind in kinds.KINDS}
        names = ",".join(compiled.get(name, name) for name in resources)
        text = self._run("get", names, *scope, "--output=json", "--show-managed-fields")
        return listed("kubectl", text)

    def _secrets(self, zone: str) -> Iterator[Fields]:
        table = self._run("get", _SECRETS, "--namespace", zone, "--no-headers", "--show-labels").decode()
        for line in table.splitlines():
            name, kind, _, _, labels = line.split()
            pairs = (pair.partition("=") for pair in labels.split(",") if "=" in pair)
            metadata = {"name": name, "namespace": zone, "labels": {key: value for key, _, value in pairs}}
            yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind}

    def _run(self, *arguments: str) -> bytes:
        context = ("--context", self.context) if self.context else ()
        try:
            ran = subprocess.run(["kubectl", *context, *arguments], capture_output=True, check=False)  # noqa: S603, S607
        except FileNotFoundError:
            raise LiveError("kubectl is not on PATH: install it, or give the objects with --from FILE") from None
        if ran.returncode:
            lines = [line for line in ran.stderr.decode(errors="replace").splitlines() if line.strip()]
            raise LiveError(f"kubectl {arguments[0]}: {lines[-1] if lines else f'exit status {ran.returncode}'}")
        return ran.stdout


def _resource(kind: kinds.Kind) -> str:
    """Return the name of a kind's resource, as ``kubectl api-resources -o name`` prints it."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def _versioned(kind: kinds.Kind) -> str:
    """Return the name of a kind's resource with the version that is compiled, as ``poolers.v1.postgresql.cnpg.io``."""
    version = kind.api_version.rpartition("/")[2]
    return f"{kind.plural}.{version}.{kind.group}" if kind.group else kind.plural

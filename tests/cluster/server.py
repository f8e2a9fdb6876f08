"""An API server that somebody named, and what a test does with it: apply as Argo CD does, ask, tamper, and clean up."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.live.objects import identity
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from compiler.emit.artifact import Document

KUBECTL = ROOT / ".venv/bin/kubectl"
MANAGER = "argocd-controller"
_WAVE = "argocd.argoproj.io/sync-wave"


@dataclass(frozen=True, slots=True)
class Server:
    """An API server, by the file of its configuration."""

    kubeconfig: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables under which kubectl, and ``cbp``, reach this server."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": f"{KUBECTL.parent}:{os.environ['PATH']}"}

    def run(self, *arguments: str, given: object = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl, with a document on its standard input where one is given."""
        text = None if given is None else json.dumps(given)
        command = [str(KUBECTL), *arguments]
        return subprocess.run(command, env=self.environment, input=text, capture_output=True, text=True, check=False)

    def told(self, *arguments: str, given: object = None) -> str:
        """Run kubectl, which has to succeed."""
        ran = self.run(*arguments, given=given)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def get(self, *arguments: str) -> Any:
        """Return what kubectl gets, as JSON."""
        return json.loads(self.told("get", *arguments, "--output=json", "--show-managed-fields"))

    def apply(self, documents: Sequence[Document], *options: str, manager: str = MANAGER) -> str:
        """Apply documents on the server's side as Argo CD does; return the warnings, which the server sends."""
        arguments = ("--server-side", "--field-manager", manager, "--filename=-", *options)
        ran = self.run("apply", *arguments, given=_list(documents))
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    def fields(self, documents: Sequence[Document]) -> dict[str, Any]:
        """Return the stored objects that some documents name, as an apply writes them: without their status."""
        items = json.loads(
            self.told("get", "--filename=-", "--output=json", "--show-managed-fields", given=_list(documents))
        )
        return {str(identity(item)): _applied(item) for item in items["items"]}

    def out_of_sync(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Return the objects that Argo CD calls OutOfSync: those that an apply would change (ServerSideDiff).

        A field that it leaves to others it applies with the value that is there (RespectIgnoreDifferences).
        """
        live = json.loads(self.told("get", "--filename=-", "--output=json", given=_list(documents)))["items"]
        found = {str(identity(item)): item for item in live}
        given = [_scaled(document, found[str(identity(document))]) for document in documents]
        options = ("--server-side", "--dry-run=server", "--force-conflicts", f"--field-manager={MANAGER}")
        would = json.loads(self.told("apply", *options, "--filename=-", "--output=json", given=_list(given)))["items"]
        return tuple(name for item in would if _compared(item) != _compared(found[name := str(identity(item))]))

    def allows(self, who: dict[str, Any], verb: str, resource: str, namespace: str) -> bool:
        """Return what the authorizer answers; a resource is written as ``pods/log`` or ``deployments.apps``."""
        name, _, part = resource.partition("/")
        plural, _, group = name.partition(".")
        asked = {"verb": verb, "group": group, "resource": plural, "subresource": part, "namespace": namespace}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
        given = {**review, "spec": {**who, "resourceAttributes": asked}}
        return bool(json.loads(self.told("create", "--filename=-", "--output=json", given=given))["status"]["allowed"])

    def delete(self, documents: Sequence[Document]) -> None:
        """Delete objects, and wait until they are gone; finalizers of operators that do not run are taken off."""
        if documents:
            arguments = ("--ignore-not-found", "--wait", "--timeout=120s", "--filename=-")
            self.told("delete", *arguments, given=_list(documents))

    def wait(self, what: str, *arguments: str, seconds: int = 60) -> None:
        """Wait until kubectl prints what is expected; the bound is far above what a busy machine needs."""
        printed = ""
        for _ in range(seconds * 2):
            printed = self.run(*arguments).stdout.strip()
            if printed == what:
                return
            time.sleep(0.5)
        raise AssertionError(f"{' '.join(arguments)}: {printed!r}, expected {what!r}")


def waves(documents: Iterable[Document]) -> list[list[Document]]:
    """Return documents in the groups and the order in which Argo CD applies them: by wave, namespaces first."""
    groups: dict[tuple[int, bool], list[Document]] = {}
    for document in documents:
        wave = int(document["metadata"]["annotations"][_WAVE])
        groups.setdefault((wave, document["kind"] != "Namespace"), []).append(document)
    return [groups[key] for key in sorted(groups)]


def _list(documents: Sequence[Document]) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "List", "items": list(documents)}


def _applied(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what controllers write beside an apply, and without the time of an apply.

    The API server writes the time again where a controller applied a status between two applies of the same fields.
    """
    metadata = {
        key: value for key, value in fields["metadata"].items() if key not in ("resourceVersion", "managedFields")
    }
    entries = [{**item, "time": None} for item in fields["metadata"]["managedFields"] if item["manager"] == MANAGER]
    return {**fields, "metadata": {**metadata, "managedFields": entries}, "status": None}


def _compared(fields: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: fields["metadata"].get(key) for key in ("labels", "annotations")}
    return {**fields, "metadata": metadata, "status": None}


def _scaled(document: Document, live: dict[str, Any]) -> Document:
    """Return a document with the live numbers of what an autoscaler scales."""
    field = {"Deployment": "replicas", "Cluster": "instances"}.get(document["kind"])
    return {**document, "spec": {**document["spec"], field: live["spec"][field]}} if field else document

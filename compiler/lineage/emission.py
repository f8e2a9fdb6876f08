"""The emission of one file: the function that makes it, and its content for any variant of the environment.

A file is emitted again without the others, so that an experiment about one file takes milliseconds.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.emit import nodes
from compiler.emit.argocd import argocd
from compiler.emit.cluster import (
    PAGES,
    delivered,
    documents,
    emissions,
    enforced,
    page,
    vault_documents,
    vault_emissions,
)
from compiler.emit.envoy.bootstrap import bootstrap as envoy_bootstrap
from compiler.emit.envoy.bootstrap import envoy
from compiler.emit.kubernetes.cluster.rbac import readers_and_operators
from compiler.emit.kubernetes.objects import file_name, objects
from compiler.emit.pages.bootstrap import bootstrap
from compiler.emit.pages.network import network_page
from compiler.emit.pages.overview import overview
from compiler.emit.settings import settings, settings_json
from compiler.emit.vault.audit import audit_file
from compiler.emit.vault.plan import vault
from compiler.lineage.experiment import ABSENT, renamed
from compiler.lineage.incremental import prepared
from compiler.lineage.leaves import structure, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from compiler.emit.artifact import Artifact, Document
    from compiler.emit.running import Run
    from compiler.emit.site import Site
    from compiler.lineage.incremental import Prepared
    from compiler.resolve.resolved import Resolved

_COMPILER = Path(__file__).parents[1]
_OBJECTS = "kubernetes/"
_KUSTOMIZATION = "kubernetes/kustomization.yaml"
_PLAN = "vault/plan.yaml"
_SETTINGS = "runtime/settings.json"
_MAKERS: Mapping[str, Callable[..., Any]] = {
    _KUSTOMIZATION: objects,
    _PLAN: vault,
    "vault/audit.hcl": audit_file,
    _SETTINGS: settings,
    "README.md": overview,
    "envoy/bootstrap.json": envoy_bootstrap,
    "envoy/server.json": envoy,
    "bootstrap.md": bootstrap,
    "network.md": network_page,
}
"""The functions that make the files of a cluster, but for its objects; paths are below the cluster's folder."""


@dataclass(frozen=True, slots=True)
class Emission:
    """One file of an environment: its path below ``generated/``, and the function that makes it."""

    file: str
    emitter: Callable[..., Any]
    content: Callable[[Prepared], Any]
    """Returns the file's content as data for any variant of the environment; ``ABSENT`` where there is no such file."""

    @property
    def source(self) -> str:
        """The file and the line of the function, with its name."""
        return source(self.emitter)


def source(emitter: Callable[..., Any]) -> str:
    """Return the file and the line of a function in the compiler, with its name."""
    function = inspect.unwrap(emitter)
    file = Path(inspect.getsourcefile(function) or "").relative_to(_COMPILER.parent)
    return f"{file.as_posix()}:{function.__code__.co_firstlineno}, {function.__qualname__}()"


def emission(resolved: Resolved, file: str) -> Emission | None:
    """Return the emission of a file of an environment; None where the environment has no such file."""
    whole = prepared(resolved)
    site = next((site for site in whole.sites.values() if file.startswith(f"{site.folder}/")), None)
    if site is None:
        return _kept(Emission(file, argocd, partial(_of_environment, resolved.environment.name, file)), whole)
    name = file.removeprefix(f"{site.folder}/")
    if name.startswith(_OBJECTS) and name != _KUSTOMIZATION:
        wanted = name.removeprefix(_OBJECTS)
        maker = next(
            (maker for maker, emit in emissions(site) if any(file_name(item) == wanted for item in emit())), None
        )
        return _kept(Emission(file, maker or readers_and_operators, partial(_object, site.name, wanted, maker)), whole)
    maker = nodes.node_files if name.startswith(f"{nodes.FOLDER}/") else _MAKERS.get(name)
    return _kept(Emission(file, maker, partial(_of_cluster, site.name, name)), whole) if maker else None


def write_emitter(resolved: Resolved, file: str, pointer: str) -> Callable[..., Any] | None:
    """Return the function that makes the document of Vault's plan at a pointer; None for any other place."""
    site = next((site for site in prepared(resolved).sites.values() if file == f"{site.folder}/{_PLAN}"), None)
    keys = tokens(pointer)
    if site is None or keys[:1] != ["documents"] or not keys[1:]:
        return None
    return [maker for maker, emit in vault_emissions(site) for _ in emit()][int(keys[1])]


def _kept(found: Emission, whole: Prepared) -> Emission | None:
    return None if found.content(whole) is ABSENT else found


def _object(cluster: str, name: str, maker: Callable[..., Any] | None, variant: Prepared) -> Any:
    """Return an object of a cluster, made by one emitter, or without one by all of them."""
    site = variant.sites.get(cluster)
    if site is None:
        return ABSENT
    made = documents(site, variant.run) if maker is None else _made(maker, site, variant.run)
    return next((item for item in made if file_name(item) == name), ABSENT)


def _made(maker: Callable[..., Any], site: Site, run: Run) -> Iterable[Document]:
    emitters = (emit for known, emit in emissions(site, run) if known == maker)
    return chain.from_iterable(run((site.name, maker), emit) for emit in emitters)


def _of_cluster(cluster: str, name: str, variant: Prepared) -> Any:
    site, run = variant.sites.get(cluster), variant.run
    if site is None:
        return ABSENT
    if name == _SETTINGS:
        return json.loads(settings_json(site.settings))
    if name.startswith(f"{nodes.FOLDER}/") and not name.endswith(".toml"):
        return nodes.node_settings(site).get(name.removeprefix(f"{nodes.FOLDER}/"), ABSENT)
    if name.startswith("envoy/"):
        return _content(run((site.name, envoy), lambda: envoy(site)), f"{site.folder}/{name}")
    if name in PAGES:
        return structure(page(site, name, run))
    if name.startswith("vault/"):
        return _content(vault(site, vault_documents(site, run)), f"{site.folder}/{name}")
    return _content(enforced(site, documents(site, run), run), f"{site.folder}/{name}")


def _of_environment(environment: str, file: str, variant: Prepared) -> Any:
    rendered = {name: documents(site, variant.run) for name, site in variant.sites.items()}
    emitted = delivered(variant.resolved, rendered, variant.run)
    return _content(renamed(emitted, variant.resolved.environment.name, environment), file)


def _content(emitted: Iterable[Artifact], file: str) -> Any:
    return next((structure(item) for item in emitted if item.path == file), ABSENT)

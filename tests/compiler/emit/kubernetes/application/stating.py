"""Production with other statements of the environment, and the parts of it that the API reads its systems from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.compiler.project import documents, keys, node, rebound, resolved, site, with_value

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.sources.nodes import Node


def stated(**statements: object) -> Node:
    """Return production's tree with values at paths, in which two underscores are a dot."""
    tree: Node = resolved()["production"].tree
    for path, value in statements.items():
        tree = with_value(tree, keys(path.replace("__", ".")), node(value))
    return tree


def emitted(tree: Node, cluster: str) -> Site:
    """Return a cluster of a tree that has no finding."""
    found, findings = rebound(tree)
    assert found, findings
    return site(found, cluster)


def pod(at: Site) -> dict[str, Any]:
    """Return the template of the API's pods."""
    found: dict[str, Any] = documents(at)["cbp-application/deployment-configuration-api.yaml"]["spec"]["template"]
    return found


def settings_map(at: Site) -> str:
    """Return the name of the ConfigMap with the settings that the API's pods mount."""
    volumes = pod(at)["spec"]["volumes"]
    (name,) = (volume["configMap"]["name"] for volume in volumes if volume["name"] == "settings")
    return str(name)


def file(at: Site, name: str) -> str | None:
    """Return a file of the API's ConfigMap; None where there is none."""
    data: dict[str, str] = documents(at)["cbp-application/configmap-configuration-api.yaml"]["data"]
    return data.get(name)

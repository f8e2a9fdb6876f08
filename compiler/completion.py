"""Shell completion of ``cbp``: the script that click generates, the names of environments, and those of an API."""

from __future__ import annotations

import os
import re
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, Any

from click.shell_completion import get_completion_class

from compiler import project
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import click

    from compiler.client import Client

COMPLETION_SECONDS = 1.0
"""The seconds after which a completion gives a server up."""
MOST_COMPLETED = 100
SHELLS = ("bash", "zsh", "fish")
INSTALLATION = (
    "Install it for good:",
    "  bash  echo 'eval \"$(cbp completion bash)\"' >> ~/.bashrc",
    "  zsh   echo 'eval \"$(cbp completion zsh)\"' >> ~/.zshrc",
    "  fish  cbp completion fish > ~/.config/fish/completions/cbp.fish",
)


def script(command: click.Command, shell: str) -> str:
    """Return the script for one of :data:`SHELLS` that completes ``cbp``.

    Upstream: https://click.palletsprojects.com/en/stable/shell-completion/
    """
    shell_class = get_completion_class(shell)
    if shell_class is None:
        raise ValueError(f"click completes nothing in {shell}")
    return shell_class(command, {}, "cbp", "_CBP_COMPLETE").source()


def environments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the environments that begin with ``incomplete``, in the project that the command would use."""
    root = context.params.get("root")
    return [name for name in project.environments(root) if name.startswith(incomplete)] if root else []


def rules(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of the project's rules that begin with ``incomplete``."""
    root = context.params.get("root")
    inventory = root / "policies/rules.yaml" if root else None
    text = inventory.read_text(encoding="utf-8") if inventory and inventory.is_file() else ""
    return [name for name in re.findall(r"^(\w+):", text, re.MULTILINE) if name.startswith(incomplete)]


def environments_and_paths(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the environments that are not named yet and, behind the first, the paths that go one key further.

    A specification with errors completes no path.
    """
    named = context.params.get(str(parameter.name)) or ()
    others = [name for name in environments(context, parameter, incomplete) if name not in named]
    return others + (_paths(context.params["root"], named[0], incomplete) if named else [])


def namespaces(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the namespaces that begin with ``incomplete``; none where the API does not answer at once."""
    # No name ends with a hyphen, so that none is behind the text that does.
    return _asked(context, incomplete, lambda client: client.namespaces(incomplete.rstrip("-"), MOST_COMPLETED))


def keys(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the keys of the namespace that begin with ``incomplete``; none where the API does not answer at once."""

    def page(client: Client) -> list[str]:
        entries = client.page(context.params["namespace"], incomplete, MOST_COMPLETED).value["entries"]
        return [entry["key"] for entry in entries]

    return _asked(context, incomplete, page)


def open_proposals(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids of the namespace's open proposals that begin with ``incomplete``; none without an answer."""

    def page(client: Client) -> list[str]:
        return [each["id"] for each in islice(client.proposals(context.params["namespace"], "open"), MOST_COMPLETED)]

    return _asked(context, incomplete, page)


def _asked(context: click.Context, incomplete: str, ask: Callable[[Client], list[str]]) -> list[str]:
    found: list[str] = []
    asking = Thread(target=lambda: found.extend(_answered(context.params, ask)), daemon=True)
    asking.start()
    asking.join(COMPLETION_SECONDS)
    return sorted(name for name in found if name.startswith(incomplete))


def _answered(options: dict[str, Any], ask: Callable[[Client], list[str]]) -> list[str]:
    from compiler.client import connect

    try:
        return ask(connect(options["url"], os.environ.get("CBP_TOKEN"), options["token_file"], COMPLETION_SECONDS))
    except (CouldNotRunError, OSError):
        return []


def _paths(root: Path, environment: str, incomplete: str) -> list[str]:
    # Imported here, so that other completions load no model.
    from compiler.model.specification import SECTIONS
    from compiler.resolve.layers import decided
    from compiler.resolve.resolved import resolve
    from compiler.sources.files import load

    found, _ = resolve(root, load(root, SECTIONS, (environment,)))
    depth = incomplete.count(".") + 1
    names = (".".join(item.name.split(".")[:depth]) for resolved in found for item in decided(resolved))
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]

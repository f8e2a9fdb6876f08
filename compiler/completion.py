"""Shell completion of ``cbp``: the script that click generates, the names of environments, and keys of an API."""

from __future__ import annotations

import os
import re
from threading import Thread
from typing import TYPE_CHECKING, Any

from click.shell_completion import get_completion_class

from compiler import project
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path

    import click

COMPLETION_SECONDS = 1.0
"""The longest that a completion waits for a server, whatever it does."""
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


def keys(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the keys of the namespace that begin with ``incomplete``; none where the API does not answer at once."""
    found: list[str] = []
    asking = Thread(target=lambda: found.extend(_keys(context.params, incomplete)), daemon=True)
    asking.start()
    asking.join(COMPLETION_SECONDS)
    return sorted(name for name in found if name.startswith(incomplete))


def _keys(options: dict[str, Any], incomplete: str) -> list[str]:
    from compiler.client import connect

    try:
        client = connect(options["url"], os.environ.get("CBP_TOKEN"), options["token_file"], COMPLETION_SECONDS)
        entries = client.page(options["namespace"], incomplete, MOST_COMPLETED).value["entries"]
    except (CouldNotRunError, OSError):
        return []
    return [entry["key"] for entry in entries]


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

"""``cbp diff``: compare two states of the project by cause."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from compiler.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from compiler.difference.difference import Difference
    from compiler.difference.side import Side
    from compiler.history.base import Base


@click.command(
    epilog=options.examples(
        "cbp diff",
        "cbp diff HEAD~1",
        "cbp diff origin/production main",
        "cbp diff --format markdown > comment.md",
    )
)
@click.argument("base", required=False)
@click.argument("head", required=False)
@options.root
@options.as_of
@options.formats("text", "json", "markdown", "github")
def diff(base: str | None, head: str | None, root: Path, as_of: date, format_: str) -> None:
    """Compare the project with the commit BASE, by cause.

    Names each changed statement with the values that follow from it in what is compiled, what happens when they are
    applied, and the rules that changed or changed their verdict. BASE is the commit that HEAD and the trunk have in
    common, HEAD the working tree, unless they are given. Writes nothing, and exits with 0 whatever it finds.
    """
    from compiler.report.diff import render

    click.echo(render(compared(root, base, head, as_of), format_), nl=False)


def compared(root: Path, base: str | None, head: str | None, as_of: date) -> Difference:
    """Return the difference of two commits, or of a commit and the working tree.

    Raises:
        NoBaseError: there is no such commit.
        GitError: a commit cannot be read.
        PolicyError: the policies of a side cannot judge.
    """
    from compiler.difference.difference import difference

    with sides(root, base, head) as (before, after, of):
        return difference(before, after, of, as_of)


@contextmanager
def sides(root: Path, base: str | None, head: str | None) -> Iterator[tuple[Side, Side, Base]]:
    """Provide the two sides that BASE and HEAD name, and the commit that the old one is.

    Raises:
        NoBaseError: there is no such commit.
        GitError: a commit cannot be read.
    """
    from compiler.difference.side import Side, committed
    from compiler.history.base import History

    history = History(root)
    old = history.at(base) if base else history.trunk()
    new = history.at(head) if head else None
    with ExitStack() as open_:
        before = open_.enter_context(committed(old))
        after = open_.enter_context(committed(new)) if new else Side(root, None)
        yield before, after, old

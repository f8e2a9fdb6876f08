"""The command ``cbp``.

Exit codes: 0 clean (warnings allowed), 1 findings, 2 could not run, 130 after Ctrl-C, 141 when nobody reads the output.
Each command imports what it needs when it runs, so that help and completion answer at once.
"""

from __future__ import annotations

import click

from compiler.cli import compiling, custom, editing, machine, policy, service, vault
from compiler.cli.options import examples
from compiler.cli.program import Program

__all__ = ["main"]


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "cbp compile            write generated/ from spec/ and environments/",
        "cbp compile --check    say what would change, and why; write nothing",
        "cbp verify             everything that a pull request must satisfy",
        "cbp up                 try it: the API on an embedded PostgreSQL and Valkey",
    ),
)
@click.version_option(package_name="cbp-config")
def main() -> None:
    """Compile the specification of the Configuration API, judge it, and serve under its limits.

    In a checkout the command is .venv/bin/cbp, which make install builds.
    """


for _command in (
    compiling.compile_,
    compiling.verify,
    editing.release,
    editing.schema,
    custom.schemas,
    policy.policy,
    service.serve,
    service.up,
    vault.vault,
    machine.doctor,
    machine.completion,
):
    main.add_command(_command)

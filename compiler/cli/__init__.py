"""The command ``cbp``; each of its commands is a module of the same name.

Exit codes: 0 clean (warnings allowed), 1 findings, 2 could not run, 130 after Ctrl-C, 141 after a closed output pipe.
Each command imports its needs when it runs, so that help and completion respond at once.
"""

from __future__ import annotations

import click

from compiler.cli import (
    audit,
    cluster,
    completion,
    config,
    config_proposals,
    coverage,
    diff,
    doctor,
    drill,
    env,
    explain,
    fix,
    impact,
    import_,
    key,
    notification,
    policy,
    queue,
    release,
    report,
    schema,
    schemas,
    serve,
    show,
    snapshot,
    token,
    up,
    vault,
    verify,
    waive,
    watch,
)
from compiler.cli import compile as compile_
from compiler.cli.options import examples
from compiler.cli.program import Program

__all__ = ["main"]


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "cbp compile            write generated/ from spec/ and environments/",
        "cbp compile --check    list the differences and their reasons; write nothing",
        "cbp verify             check everything that a pull request must satisfy",
        "cbp up                 try it: the API on an embedded PostgreSQL and Valkey",
    ),
)
@click.version_option(package_name="cbp-config")
def main() -> None:
    """Compile the specification of the Configuration API, judge it, and serve under its limits.

    Each command finds the project from any folder in it. In a checkout the command is .venv/bin/cbp, which make install
    builds.
    """


for _command in (
    compile_.compile_,
    verify.verify,
    fix.fix,
    diff.diff,
    import_.import_,
    release.release,
    report.report,
    schema.schema,
    schemas.schemas,
    policy.policy,
    serve.serve,
    show.show,
    snapshot.snapshot,
    token.token,
    up.up,
    vault.vault,
    waive.waive,
    watch.watch,
    audit.audit,
    cluster.cluster,
    config.config,
    doctor.doctor,
    drill.drill,
    env.env,
    coverage.coverage,
    explain.explain,
    impact.impact,
    key.key,
    notification.notification,
    queue.queue,
    completion.completion,
):
    main.add_command(_command)
for _command in config_proposals.COMMANDS:
    config.config.add_command(_command)

"""`cbp watch` compiles at each change, goes on after a mistake, and ends with Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.service import running
from tests.e2e.states import small

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = "generated/development/eu-central-1/runtime/settings.json"


def test_each_change_is_compiled_and_a_mistake_waits_for_the_next(tmp_path: Path) -> None:
    project = small(tmp_path / "a checkout")
    file, policies = project / "spec/limits.yaml", project / "policies/rules.yaml"
    text, rules = file.read_text(), policies.read_text()
    with running(project, "watch", "--environment", "development") as service:
        before = (project / SETTINGS).read_bytes()
        for path, written, said in (
            (policies, "", "cbp: the policies could not judge"),
            (policies, rules, "0 errors"),
            (file, text.replace("80% maximum", "80 maximum"), "error[SPEC015]"),
            (file, text, "0 errors"),
        ):
            start = len(service.output)
            path.write_text(written)
            service.wait_for(f"changed: {path.relative_to(project)}", start)
            service.wait_for(said, start)
        assert (project / SETTINGS).read_bytes() == before
    assert service.process.returncode == 130

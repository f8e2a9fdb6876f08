"""A new environment has the other's values, but for those that only one may have, in files of the same form."""

from __future__ import annotations

import shutil
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from compiler.edit.environments import create, like
from compiler.edit.text import EditError
from compiler.model.specification import SECTIONS
from compiler.resolve.layers import decided
from compiler.resolve.resolved import Resolved, resolve
from compiler.sources.files import load
from tests.compiler.project import resolved

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.edit.environments import Move, NewEnvironment

STAGING: list[Move] = [(ip_network("10.20.0.0/16"), ip_network("10.40.0.0/16"))]


def planned(project: Path, other: str = "staging", moves: list[Move] = STAGING, **given: str) -> NewEnvironment:
    named = {f"environment.{path.replace('__', '.')}": text for path, text in given.items()}
    return like(project, tuple(resolved().values()), "uat", other, named, moves)


def created(project: Path, new: NewEnvironment) -> Resolved:
    create(project / "environments", new)
    (found,) = resolve(project, load(project, SECTIONS, ("uat",)))[0]
    return found


@pytest.mark.parametrize("other", ["development", "staging"])
def test_it_differs_from_the_other_in_what_it_says_and_in_nothing_else(project: Path, other: str) -> None:
    old = ip_network("10.10.0.0/16" if other == "development" else "10.20.0.0/16")
    new = planned(project, other, [(old, ip_network("10.40.0.0/16"))])
    texts = {item.name: item.value.text for item in decided(created(project, new))}
    before = {item.name: item.value.text for item in decided(resolved()[other])}
    assert texts.keys() == before.keys()
    differing = {name for name, text in texts.items() if text != before[name]}
    assert differing == {name.removesuffix(".0") for name in new.own}


def test_no_value_that_only_one_environment_may_have_is_that_of_another(project: Path) -> None:
    mine = created(project, planned(project))
    (cluster,) = mine.environment.clusters.values()
    for other in resolved().values():
        assert other.environment.host != mine.environment.host
        for theirs in other.environment.clusters.values():
            assert theirs.vault.database != cluster.vault.database
            assert theirs.backups.location != cluster.backups.location
            assert theirs.addresses.nodes != cluster.addresses.nodes


def test_a_value_that_is_given_goes_before_one_that_is_derived(project: Path) -> None:
    mine = created(project, planned(project, host="uat.bank.example", addresses__vpn__0="10.99.0.0/24"))
    assert mine.environment.host == "uat.bank.example"
    assert [str(item) for item in mine.environment.addresses.vpn] == ["10.99.0.0/24"]


def test_a_range_that_several_environments_share_is_shared_by_the_new_one(project: Path) -> None:
    file = project / "environments/production/environment.yaml"
    file.write_text(file.read_text().replace("10.30.250.32/28", "10.20.250.32/28"))
    found = resolve(project, load(project, SECTIONS))[0]
    with pytest.raises(EditError) as refused:
        like(project, found, "uat", "staging", {}, [])
    assert "for 10 of its address ranges" in str(refused.value)


def test_line_ends_comments_and_quotes_of_the_other_stay(project: Path) -> None:
    file = project / "environments/staging/environment.yaml"
    text = file.read_text().replace("  name: staging\n", "  name: 'staging' # not of staging\n")
    file.write_bytes(text.replace("\n", "\r\n").encode())
    content = planned(project).files["environment.yaml"].decode()
    assert content.count("\n") == content.count("\r\n") == text.count("\n")
    assert "  name: 'uat' # not of staging\r\n" in content
    assert '["10.40.240.0/24"]' in content


def test_an_anchor_is_left_to_people(project: Path) -> None:
    file = project / "environments/staging/environment.yaml"
    file.write_text(
        file.read_text().replace("name: staging", "name: &name staging").replace("revision: staging", "revision: *name")
    )
    with pytest.raises(EditError, match="without an anchor"):
        planned(project)


def test_a_folder_that_cannot_be_written_whole_is_not_there(project: Path) -> None:
    new = planned(project)
    (project / "environments/uat").mkdir()
    (project / "environments/uat/notes.txt").write_text("")
    with pytest.raises(OSError, match="uat"):
        create(project / "environments", new)
    assert [path.name for path in (project / "environments/uat").iterdir()] == ["notes.txt"]
    assert not (project / "environments/.uat.new").exists()


def test_what_a_killed_run_left_is_replaced_and_the_compiler_does_not_read_it(project: Path) -> None:
    new = planned(project)
    shutil.copytree(project / "environments/staging", project / "environments/.uat.new")
    assert {item.environment.name for item in resolve(project, load(project, SECTIONS))[0]} == set(resolved())
    assert created(project, new).environment.name == "uat"

"""A variant that is emitted incrementally has the files of one that is emitted in full."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from compiler.emit.cluster import all_artifacts, cluster_artifacts, delivered, documents
from compiler.lineage.incremental import Incremental
from compiler.lineage.variants import variants
from compiler.model.environment import Workloads
from compiler.sources.nodes import leaves
from tests.compiler.project import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.artifact import Artifact
    from compiler.lineage.incremental import Prepared
    from compiler.resolve.resolved import Resolved

FIRST = "eu-central-1"


def _files(variant: Prepared) -> tuple[tuple[Artifact, ...], ...]:
    """The files of each cluster, and then those for Argo CD."""
    run, clusters = variant.run, variant.sites.values()
    rendered = {site.name: documents(site, run) for site in clusters}
    return (*(cluster_artifacts(site, run) for site in clusters), delivered(variant.resolved, rendered, run))


def _in_full(changed: Resolved) -> tuple[tuple[Artifact, ...], ...]:
    delivery, clusters = all_artifacts(changed)
    return (*(artifacts for _, artifacts in clusters), delivery)


@pytest.mark.parametrize(("number", "environment"), [*enumerate(("development", "production", "staging"))])
def test_a_variant_has_the_files_of_a_full_emission(number: int, environment: str) -> None:
    """Each environment has other statements of the specification, so that many of them are changed once."""
    given = resolved()[environment]
    emission = Incremental(given)
    before, kept, all_files = _files(emission.unchanged), 0, 0
    assert before == _in_full(given)
    for index, (path, node) in enumerate(list(leaves(given.tree))[number::6]):
        for changed in islice(variants(given, path, node), index % 3, index % 3 + 1):
            after = _files(emission.variant(changed))
            assert after == _in_full(changed), path
            pairs = [pair for sides in zip(before, after, strict=True) for pair in zip(*sides, strict=False)]
            all_files += len(pairs)
            kept += sum(one is other for one, other in pairs)
    assert kept > 0.7 * all_files


def _with_workloads(given: Resolved, workloads: Workloads | None) -> Resolved:
    cluster = given.environment.clusters[FIRST].model_copy(update={"workloads": workloads})
    clusters = {**given.environment.clusters, FIRST: cluster}
    return replace(given, environment=given.environment.model_copy(update={"clusters": clusters}))


@pytest.mark.parametrize("turned", [False, True])
def test_an_emitter_that_looks_whether_there_is_a_part_runs_when_the_part_comes_or_goes(*, turned: bool) -> None:
    there = _with_workloads(
        resolved()["production"], Workloads.model_construct(issuer="https://issuer.example", accounts=())
    )
    without = _with_workloads(there, None)
    before, after = (without, there) if turned else (there, without)
    emission = Incremental(before)

    def asked(variant: Prepared) -> tuple[bool, ...]:
        return variant.run("asked", lambda: [variant.sites[FIRST].cluster.workloads is not None])

    assert asked(emission.unchanged) == (not turned,)
    assert asked(emission.variant(after)) == (turned,)


def test_an_emitter_runs_for_a_variant_if_it_has_read_a_value_that_differs_or_is_given_another_result() -> None:
    given = resolved()["production"]
    changed = replace(given, environment=given.environment.model_copy(update={"host": "other.example.com"}))
    emission, ran = Incremental(given), list[str]()

    def chain(variant: Prepared) -> tuple[Mapping[str, object], ...]:
        environment, run = variant.resolved.environment, variant.run

        def reading(name: str, value: Mapping[str, object]) -> list[Mapping[str, object]]:
            ran.append(name)
            return [value]

        of_host = run("host", lambda: reading("host", {"text": environment.host}))
        of_name = run("name", lambda: reading("name", {"text": environment.name}))
        of_length = run("length", lambda: reading("length", {"text": len(environment.host) > 3}))
        return (
            *run("follows host", lambda: reading("follows host", of_host[0]), of_host),
            *run("follows name", lambda: reading("follows name", of_name[0]), of_name),
            *run("follows length", lambda: reading("follows length", of_length[0]), of_length),
        )

    chain(emission.unchanged)
    ran.clear()
    assert chain(emission.variant(changed))[0] == {"text": "other.example.com"}
    assert ran == ["host", "length", "follows host"]


def test_an_emitter_that_runs_another_one_has_read_what_that_has_read() -> None:
    given = resolved()["production"]
    changed = replace(given, environment=given.environment.model_copy(update={"host": "other.example.com"}))
    emission = Incremental(given)

    def outer(variant: Prepared) -> tuple[str, ...]:
        return variant.run("outer", lambda: variant.run("inner", lambda: [variant.resolved.environment.host]))

    assert outer(emission.unchanged) == (given.environment.host,)
    assert outer(emission.variant(changed)) == ("other.example.com",)

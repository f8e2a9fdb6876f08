"""The admission policies' expressions, evaluated as an API server does, agree with the rules about the same requests.

A real server judges the same requests in ``tests/cluster/test_admission.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.kubernetes.cluster.admission import secret_writers
from compiler.emit.names import COPIES_ADMITTED, IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED
from tests.compiler.admission import IMAGES, LABELLED, Request, denied_by_rules, labelled, pod, refusals, secret
from tests.compiler.project import documents, resolved, site
from tests.compiler.restored_copies import ADMITTED, REFUSED, RESTORER, restored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.compiler.restored_copies import Path

FIXED, TAGGED = next(iter(IMAGES)), "registry.bank.example/a:1.0"
RENDERED = documents(site())


@pytest.mark.parametrize(("image", "admitted"), IMAGES.items())
def test_the_rule_and_the_policy_agree_about_an_image(image: str, admitted: bool) -> None:
    for document in (pod(image), pod(FIXED, initial=image)):
        refused = refusals(Request(document), RENDERED)
        assert refused == ({} if admitted else {IMAGES_ADMITTED: [f"images without a digest: {image}"]})
        assert denied_by_rules(document, "K8S003") is not admitted


def test_an_image_that_was_there_before_the_policy_stays_and_none_comes() -> None:
    before = pod(TAGGED)
    assert refusals(Request(pod(TAGGED), before), RENDERED) == {}
    assert IMAGES_ADMITTED in refusals(Request(pod("registry.bank.example/b:1.0"), before), RENDERED)
    debugged = pod(FIXED)
    debugged["spec"]["ephemeralContainers"] = [{"name": "e", "image": TAGGED}]
    request = Request(debugged, pod(FIXED), resource="pods/ephemeralcontainers")
    assert refusals(request, RENDERED) == {IMAGES_ADMITTED: [f"images without a digest: {TAGGED}"]}


def test_the_zone_of_management_and_namespaces_of_others_are_not_judged() -> None:
    for namespace in ("cbp-management", "elsewhere"):
        document = pod(TAGGED)
        document["metadata"]["namespace"] = namespace
        assert refusals(Request(document), RENDERED) == {}


def test_development_runs_images_by_tag() -> None:
    assert refusals(Request(pod(TAGGED)), documents(site(resolved()["development"]))) == {}


def test_operators_alone_write_secrets_as_in_a_file() -> None:
    assert list(refusals(Request(secret()), RENDERED)) == [SECRETS_ADMITTED]
    assert denied_by_rules(secret(), "PWD005")
    for user in secret_writers():
        assert refusals(Request(secret(), user=user), RENDERED) == {}


def test_anybody_may_change_what_a_secret_is_called_by_and_an_operator_alone_what_it_holds() -> None:
    held = {**secret(), "data": {"a": "Yg=="}}
    named = {**held, "metadata": {**held["metadata"], "labels": {"a": "b"}}}
    assert refusals(Request(named, held), RENDERED) == {}
    for changed in ({"a": "Yw=="}, {}):
        assert list(refusals(Request({**held, "data": changed}, held), RENDERED)) == [SECRETS_ADMITTED]
        assert refusals(Request({**held, "data": changed}, held, secret_writers()[0]), RENDERED) == {}


@pytest.mark.parametrize(("name", "zone", "admitted"), LABELLED)
def test_no_namespace_but_a_zone_s_own_has_its_label(name: str, zone: str | None, admitted: bool) -> None:
    assert (refusals(Request(labelled(name, zone)), RENDERED) == {}) is admitted


def test_a_zone_keeps_its_labels() -> None:
    rendered = RENDERED["cluster/namespace-cbp-data.yaml"]
    assert refusals(Request(rendered, rendered), RENDERED) == {}
    labels = rendered["metadata"]["labels"]
    for changes in (
        {"cbp.bank/zone": None},
        {"cbp.bank/zone": "public"},
        {"pod-security.kubernetes.io/enforce": None},
        {"pod-security.kubernetes.io/enforce": "privileged"},
    ):
        kept = {name: value for name, value in (labels | changes).items() if value is not None}
        document = {**rendered, "metadata": {**rendered["metadata"], "labels": kept}}
        assert list(refusals(Request(document, rendered), RENDERED)) == [ZONES_ADMITTED]


@pytest.mark.parametrize("name", ADMITTED)
def test_the_restore_test_makes_the_copy_that_is_compiled(name: str) -> None:
    assert refusals(Request(restored(*ADMITTED[name]), user=RESTORER), RENDERED) == {}


@pytest.mark.parametrize("name", REFUSED)
def test_the_restore_test_makes_no_cluster_with(name: str) -> None:
    request = Request(restored(REFUSED[name]), user=RESTORER)
    assert list(refusals(request, RENDERED)) == [COPIES_ADMITTED]
    assert refusals(Request(request.document, user="somebody"), RENDERED) == {}, "others are held by their rights"


def test_each_compiled_value_of_the_copy_is_held_and_each_field_is_needed() -> None:
    """All but amounts, which may be written in another way, and the parameters of its database."""
    fields = [(path, value) for path, value in _fields(restored()["spec"], ("spec",)) if path[1] != "resources"]
    held = [(path, value) for path, value in fields if path[1:3] != ("postgresql", "parameters")]
    assert len(held) > 20
    for path, value in held:
        for other in (None, type(value)() if isinstance(value, dict | list) else "other"):
            request = Request(restored((path, None), *(((path, other),) if other is not None else ())), user=RESTORER)
            assert list(refusals(request, RENDERED)) == [COPIES_ADMITTED], (path, other)


def _fields(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of each field, and of all that is in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*at, step), item
        yield from _fields(item, (*at, step))

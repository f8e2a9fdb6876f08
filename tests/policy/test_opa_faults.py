"""Whatever befalls an OPA server, or is done to it behind our back, no verdict comes of it but an error of one line."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from compiler.pipeline import emit_for_policies
from compiler.policy.errors import PolicyError
from compiler.policy.gate import load
from compiler.policy.opa.config import opa_server
from compiler.policy.opa.engine import Opa
from tests.compiler.project import resolved
from tests.policy.policies import FIXTURE, RULE, changed, write
from tests.policy.proxy import Proxy, answers, drip, half, hang_up, html, proxy, redirect, silence
from tests.policy.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compiler.policy.gate import Verdict
    from compiler.policy.rendering import Rendering
    from tests.policy.proxy import Fault
    from tests.policy.servers import OpaProcess

FAULTS: dict[str, Fault] = {
    "silence": silence,
    "bytes without an end": drip,
    "a closed connection": hang_up,
    "half an answer": half,
    "a page": html,
    "a redirect": redirect,
    "nothing": answers(""),
    "null": answers("null"),
    "a list": answers("[]"),
    "an empty object": answers("{}"),
    "a result of another shape": answers('{"result": [{"id": 1}]}'),
    "an empty result": answers('{"result": {}}'),
    "a refusal": answers('{"code": "unauthorized", "message": "rejected\\nby policy"}', 401),
    "a failure": answers("<html>Bad gateway</html>", 502),
    "a failure of OPA": answers('{"code": "internal_error", "message": "out of order"}', 500),
}
STAGES = {
    "version": "POST /v1/query",
    "list": "GET /v1/policies",
    "data": "PUT /v1/data",
    "upload": "PUT /v1/policies",
    "judgement": "POST /v1/data",
    "read back": "GET /v1/data",
}


def judged(policies: Path, engine: Callable[[], Opa]) -> Verdict:
    gate = load(policies, engine)
    gate.prove()
    return gate.judge(renderings())


def renderings() -> list[Rendering]:
    of = resolved()["development"]
    return list(emit_for_policies(of))


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """One rule that reads data, and denies the heap of the real specification."""
    folder = write(tmp_path / "policies", changed("memory.heap > 50", "memory.heap > data.heaps.most"))
    (folder / "heaps").mkdir()
    (folder / "heaps/data.yaml").write_text("most: 50\n")
    return folder


@pytest.fixture
def between(library: OpaProcess) -> Iterator[Proxy]:
    """A proxy in front of a server that holds nothing."""
    with proxy(library.url) as running:
        yield running


def through(running: Proxy, process: OpaProcess, timeout_seconds: float = 10) -> Callable[[], Opa]:
    return lambda: Opa(opa_server(running.url, process.token_file, timeout_seconds=timeout_seconds))


def test_through_a_sound_connection_there_is_a_verdict(policies: Path, between: Proxy, library: OpaProcess) -> None:
    verdict = judged(policies, through(between, library))
    assert [finding.message for finding in verdict.findings] == ["the heap is 80%"]
    for stage in STAGES.values():
        assert any(asked.startswith(stage) for asked in between.asked), stage


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_at_any_stage_is_an_error_of_one_line(
    policies: Path, between: Proxy, library: OpaProcess, stage: str, fault: Fault
) -> None:
    between.breaks(stage, fault)
    with pytest.raises(PolicyError) as raised:
        judged(policies, through(between, library, timeout_seconds=1))
    assert len(str(raised.value).splitlines()) == 1
    assert library.token_file.read_text() not in str(raised.value)


def test_a_kept_connection_that_the_server_closes_is_no_fault(
    policies: Path, between: Proxy, library: OpaProcess
) -> None:
    between.forgetful = True
    assert judged(policies, through(between, library)).findings


def test_a_status_is_an_answer_and_is_not_asked_for_again(policies: Path, between: Proxy, library: OpaProcess) -> None:
    between.breaks("POST /v1/query", lambda handler: handler.send(503, b"", Retry_After="1"))
    with pytest.raises(PolicyError, match="HTTP status 503"):
        judged(policies, through(between, library))
    assert between.asked == ["POST /v1/query"]


def test_the_second_upload_of_the_same_policies_is_none(policies: Path, between: Proxy, library: OpaProcess) -> None:
    judged(policies, through(between, library))
    between.breaks("(PUT|DELETE) /v1/policies", html)
    assert judged(policies, through(between, library)).findings


def test_a_server_that_is_down_is_named(policies: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(PolicyError) as raised:
        load(policies, lambda: Opa(opa_server(url)))
    assert str(raised.value) == (
        f"the OPA server at {url} failed about its version: the connection failed: Connection refused"
    )


def test_a_server_goes_down_between_the_proof_and_the_judgement(policies: Path, library: OpaProcess) -> None:
    with proxy(library.url) as running:
        gate = load(policies, through(running, library))
        gate.prove()
    running.stopped.set()
    with pytest.raises(PolicyError, match=r"failed about|no whole answer"):
        gate.judge(renderings())


def delete(process: OpaProcess) -> None:
    process.request("DELETE", "policies/cbp/gate.rego")


def weaken(process: OpaProcess) -> None:
    path = "policies/cbp/policies/testing/heap_large/heap_large.rego"
    weaker = changed("memory.heap > 50", "memory.heap > 99")
    assert process.request("PUT", path, weaker).is_success


def change_data(process: OpaProcess) -> None:
    assert process.request("PUT", "data/heaps", '{"most": 99}').is_success


def delete_data(process: OpaProcess) -> None:
    assert process.request("DELETE", "data/heaps").is_success


def add_to_ours(process: OpaProcess) -> None:
    rule = "package testing.heap_large\n\nimport rego.v1\n\nexamined contains 1\n"
    assert process.request("PUT", "policies/theirs", rule).is_success


def add_below_ours(process: OpaProcess) -> None:
    assert process.request("PUT", "policies/cbp/more.rego", "package other\n").is_success


def restart(process: OpaProcess) -> None:
    process.clear()


MEDDLING = (delete, weaken, change_data, delete_data, add_to_ours, add_below_ours, restart)


@pytest.mark.parametrize("meddle", MEDDLING)
def test_what_changes_between_the_proof_and_the_verdict_is_noticed(
    policies: Path, served: OpaProcess, meddle: Callable[[OpaProcess], None]
) -> None:
    gate = load(policies, served.engine)
    gate.prove()
    meddle(served)
    with pytest.raises(PolicyError, match=r"holds other|holds the policy 'theirs'|undefined|refused the data"):
        gate.judge(renderings())


@pytest.mark.parametrize("meddle", MEDDLING)
def test_what_changes_while_it_is_judged_is_noticed(
    policies: Path, served: OpaProcess, meddle: Callable[[OpaProcess], None]
) -> None:
    """Nothing is asked after the change but what the server holds."""

    def until_the_last() -> Iterator[Rendering]:
        yield from renderings()
        meddle(served)

    gate = load(policies, served.engine)
    gate.prove()
    with pytest.raises(PolicyError, match=r"holds other|holds the policy 'theirs'|refused the data"):
        gate.judge(until_the_last())


@pytest.mark.parametrize("package", ["testing.heap_large", "testing", "gate", "heaps.more", "testing.other"])
def test_policies_of_somebody_else_may_not_judge_with_ours(policies: Path, served: OpaProcess, package: str) -> None:
    served.request("PUT", "policies/theirs", f"# package harmless\npackage\n  {package}\n\nmore := 1\n")
    with pytest.raises(PolicyError, match="the OPA server holds the policy 'theirs', which would judge with ours"):
        load(policies, served.engine)


def test_policies_of_somebody_else_may_stand_beside_ours(policies: Path, served: OpaProcess) -> None:
    served.request("PUT", "policies/theirs", "package theirs\n\nmore := 1\n")
    served.request("PUT", "data/others", '{"a": 1}')
    assert judged(policies, served.engine).findings
    assert served.request("GET", "data/theirs").json() == {"result": {"more": 1}}
    assert served.request("GET", "data/others").json() == {"result": {"a": 1}}


def test_data_in_the_place_of_our_rules_is_refused(policies: Path, served: OpaProcess) -> None:
    served.request("PUT", "data/testing", '{"heap_large": {"deny": []}}')
    with pytest.raises(PolicyError, match="conflicting rule for data path testing/heap_large/deny found"):
        load(policies, served.engine)


def test_what_an_earlier_run_left_behind_is_replaced(policies: Path, served: OpaProcess, tmp_path: Path) -> None:
    other = RULE.replace("heap_large", "heap_small").replace("TST001", "TST002")
    write(tmp_path / "earlier/policies", other, FIXTURE, "heap_small")
    load(tmp_path / "earlier/policies", served.engine)
    assert judged(policies, served.engine).clusters == len(renderings())
    held = {item["id"] for item in served.request("GET", "policies").json()["result"]}
    assert {name for name in held if name.startswith("cbp/")} == {
        "cbp/gate.rego",
        "cbp/policies/testing/heap_large/heap_large.rego",
    }


def test_an_upload_that_broke_off_is_finished_by_the_next_run(
    policies: Path, between: Proxy, library: OpaProcess
) -> None:
    between.breaks("PUT /v1/policies/cbp/gate", hang_up)
    with pytest.raises(PolicyError):
        load(policies, through(between, library))
    between.breaks("nothing at all", hang_up)
    assert judged(policies, through(between, library)).findings


def test_neither_a_proxy_nor_a_password_of_the_environment_comes_between(
    policies: Path, library: OpaProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, nowhere)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password wrong\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert judged(policies, library.engine).findings


def test_a_wrong_token_is_refused_and_not_repeated(policies: Path, served: OpaProcess, tmp_path: Path) -> None:
    other = tmp_path / "token"
    other.write_text("not-the-token\n")
    with pytest.raises(PolicyError) as raised:
        load(policies, lambda: Opa(opa_server(served.url, other)))
    said = f"the OPA server at {served.url} refused its version: request rejected by administrative policy"
    assert str(raised.value) == said


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path, policies: Path) -> None:
    theirs, other = (certificate(tmp_path, name) for name in ("theirs", "other"))
    with tls_server(*theirs) as url:
        for ca_file in (other[0], None):
            with pytest.raises(PolicyError, match="its certificate cannot be relied on: self-signed certificate"):
                load(policies, partial(Opa, opa_server(url, ca_file=ca_file)))
        with pytest.raises(PolicyError, match="its certificate cannot be relied on: IP address mismatch"):
            load(policies, lambda: Opa(opa_server(url.replace("localhost", "127.0.0.1"), ca_file=theirs[0])))
        with pytest.raises(PolicyError, match="what it answered is not JSON"):
            load(policies, lambda: Opa(opa_server(url, ca_file=theirs[0])))


def test_a_file_without_certificates_is_refused(tmp_path: Path, policies: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate\n")
    with pytest.raises(PolicyError, match="failed about its version"):
        load(policies, lambda: Opa(opa_server(f"https://localhost:{free_port()}", ca_file=broken)))


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate of ``localhost`` that vouches for itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("not checked: openssl, which makes the certificates, is not on PATH")
    file, key = folder / f"{name}.pem", folder / f"{name}.key"
    about = ("-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost")
    made = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *about, "-out", str(file), "-keyout", str(key))
    subprocess.run(made, check=True, capture_output=True)
    return file, key


@contextmanager
def tls_server(file: Path, key: Path) -> Iterator[str]:
    """Run a server that answers whoever trusts it with a page."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    with Proxy("http://127.0.0.1") as running:
        running.breaks("", html)
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://localhost:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()

"""The engine in a process of its own answers as the one in this process does, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from tests.compiler.project import ROOT, copy
from tests.policy.policies import changed, one_rule, with_tests
from tests.policy.programs import ends, output

HEADER = """
import json, os, signal, time
from multiprocessing import active_children
from pathlib import Path
from compiler.lineage.engine_process import trusting
from compiler.policy import workers
from compiler.policy.errors import PolicyError
from compiler.policy.gate import VERDICT

policies = Path({policies!r})
workers.processors = lambda: {number}

def document(heap):
    return json.dumps({{"spec": {{"limits": {{"memory": {{"heap": heap}}}}}}, "documents": []}})
"""
REFUSED = changed("memory.heap > 50", "memory.heap > 40")
"""A rule that denies its own input that has to pass."""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A folder with one rule, about the heap."""
    return with_tests(tmp_path)


def run(policies: Path, program: str, number: int = 2) -> str:
    return output(HEADER.format(policies=str(policies), number=number) + dedent(program))


@pytest.mark.parametrize("number", [2, 3, 4])
def test_values_come_in_the_order_of_the_inputs_known_or_not(policies: Path, number: int) -> None:
    """More inputs than are sent ahead, of which some are asked before: by a process of its own, and by this one."""
    program = """
    heaps = [60, 40, 60, 60, 40, 60, 60, 60, 60, 41, 42, 43, 61, 61, 44, 45, 46, 47, 60, 60, 60, 60, 60, 60, 48]
    with trusting(policies) as gate:
        engine = gate().engine
        for _ in range(2):
            print([bool(found["TST001"]["denials"]) for found in engine.evaluate_each(VERDICT, map(document, heaps))])
        print(engine.evaluate("gate.TST001", document(60)))
    print(active_children())
    """
    first, again, one, children = run(policies, program, number).splitlines()
    assert [first, again, one] == run(policies, program, 1).splitlines()[:3]
    assert first == again
    assert "True, False, True" in first
    assert "'examined': 1" in one
    assert children == "[]"


@pytest.mark.parametrize("number", [2, 4])
def test_inputs_and_values_that_are_larger_than_a_pipe_pass(policies: Path, number: int) -> None:
    """Half of them are known, so that values are sent while inputs are."""
    rule = changed('sprintf("the heap is %d%%", [memory.heap])', "input.spec.limits.memory.text")
    (policies / "testing/heap_large/heap_large.rego").write_text(rule)
    (policies / "testing/heap_large/fixture.yaml").write_text(
        "must_pass: {spec: {limits: {memory: {heap: 50, text: a}}}}\n"
        "must_deny: [{at: [spec, limits, memory, heap], value: 51}]\n"
    )
    program = """
    def large(number):
        memory = {"heap": 60, "text": str(number) * 1_000_000}
        return json.dumps({"spec": {"limits": {"memory": memory}}, "documents": []})
    with trusting(policies) as gate:
        engine = gate().engine
        for count in (6, 12):
            found = engine.evaluate_each(VERDICT, map(large, range(1, count)))
            print(*(len(value["TST001"]["denials"][0]["message"]) for value in found))
    """
    one = run(policies, program, number)
    assert one == run(policies, program, 1)
    assert one.split()[-3:] == ["1000000", "2000000", "2000000"]


@pytest.mark.parametrize("number", [1, 2])
def test_the_faults_of_policies_are_raised_here_as_often_as_they_are_asked(policies: Path, number: int) -> None:
    (policies / "testing/heap_large/heap_large.rego").write_text(REFUSED)
    program = """
    with trusting(policies) as gate:
        for _ in range(2):
            try:
                gate()
            except PolicyError as error:
                print(error.faults)
    print(active_children())
    """
    first, again, children = run(policies, program, number).splitlines()
    assert first == again
    assert "TST001 denies its own must_pass" in first
    assert children == "[]"


def test_a_gate_is_one_however_often_it_is_asked_for(policies: Path) -> None:
    program = """
    with trusting(policies) as gate:
        print(gate() is gate())
    """
    assert run(policies, program) == "True\n"


def test_where_there_may_be_no_other_process_this_one_judges(policies: Path) -> None:
    program = """
    def refused():
        raise BlockingIOError("no further process")
    os.fork = refused
    with trusting(policies) as gate:
        print(*gate().engine.evaluate_each(VERDICT, [document(60), document(61)]))
    """
    assert run(policies, program) == run(policies, program, 1)


def test_a_process_that_nobody_asked_is_not_waited_for(policies: Path) -> None:
    program = """
    from compiler.lineage import engine_process
    engine_process.remembering = lambda *_: time.sleep(600)
    with trusting(policies):
        pass
    print(active_children())
    """
    assert run(policies, program) == "[]\n"


def test_the_fault_of_an_input_is_raised_and_no_broken_pipe(policies: Path) -> None:
    """It was found before the inputs after it were sent."""
    program = """
    def inputs():
        yield document(60)
        yield "{"
        time.sleep(1)
        yield from map(document, range(20))
    try:
        with trusting(policies) as gate:
            for found in gate().engine.evaluate_each("gate.TST001", inputs()):
                print(len(found["denials"]))
    except PolicyError as error:
        print(error, active_children())
    """
    fault = run(policies, program).splitlines()[-1]
    assert "policy engine" in fault
    assert "ended without an answer" not in fault
    assert fault.endswith("[]")


def test_after_a_fault_every_question_has_it_for_an_answer(policies: Path) -> None:
    program = """
    with trusting(policies) as gate:
        for document in ("{", document(60), document(60)):
            try:
                print(gate().engine.evaluate("gate.TST001", document))
            except PolicyError as error:
                print(error)
    """
    first, *others = run(policies, program).splitlines()
    assert "policy engine" in first
    assert others == [first, first]


def test_a_process_that_dies_gives_no_verdict(policies: Path) -> None:
    program = """
    try:
        with trusting(policies) as gate:
            engine = gate().engine
            os.kill(active_children()[0].pid, signal.SIGKILL)
            print([*engine.evaluate_each(VERDICT, map(document, range(20)))])
    except PolicyError as error:
        print(error, active_children())
    """
    assert run(policies, program) == "a worker of the policy engine ended without an answer []\n"


def test_a_block_that_fails_ends_the_process_at_once(policies: Path) -> None:
    program = """
    try:
        with trusting(policies) as gate:
            print(len(active_children()))
            raise KeyError
    except KeyError:
        print(active_children())
    """
    assert run(policies, program).splitlines() == ["1", "[]"]


def _compilations(project: Path, *, processors: int) -> list[tuple[str, str, int]]:
    """Compile a project with one rule on so many processors; on one, there is no process but this.

    The first time, after an edit that is refused, after one that is not, and by policies with a fault.
    """
    one_rule(copy(project), 80)
    rule, limits = project / "policies/testing/heap_large/heap_large.rego", project / "spec/limits.yaml"
    program = f"import os; os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{processors}]); "
    program += "from compiler.cli import main; main()"
    arguments = [sys.executable, "-c", program, "compile", "--root", str(project)]
    found = []
    for heap, text in ((80, rule.read_text()), (90, rule.read_text()), (79, rule.read_text()), (80, "package a\n")):
        limits.write_text(re.sub(r"heap: \d+%", f"heap: {heap}%", limits.read_text()))
        rule.write_text(text)
        ran = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
        found.append((ran.stdout, ran.stderr, ran.returncode))
    return found


def test_a_compilation_says_the_same_with_a_process_and_without(tmp_path: Path) -> None:
    found = _compilations(tmp_path / "two", processors=2)
    assert [code for *_, code in found] == [0, 1, 0, 2]
    assert found == _compilations(tmp_path / "one", processors=1)


def test_an_interrupt_while_the_process_is_forked_ends_both_in_silence(policies: Path) -> None:
    program = """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs behind it
    fork = os.fork
    def interrupted():
        if child := fork():
            time.sleep(0.1)
            os.killpg(0, signal.SIGINT)
        else:
            time.sleep(0.5)  # before it can ignore anything
        return child
    os.fork = interrupted
    try:
        with trusting(policies) as gate:
            gate()
    except KeyboardInterrupt:
        print("interrupted", active_children())
    """
    whole = HEADER.format(policies=str(policies), number=2) + dedent(program)
    ran = subprocess.run([sys.executable, "-c", whole], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("interrupted []\n", "", 0)


@pytest.mark.parametrize("which", ["the group", "one"])
def test_a_compilation_that_is_ended_leaves_no_process_and_no_traceback(tmp_path: Path, which: str) -> None:
    """The real policies take seconds to prove themselves, in a process and its workers."""
    project = copy(tmp_path / "project")
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program += "from compiler.cli import main; main()"
    arguments = [sys.executable, "-c", program, "compile", "--root", str(project)]
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        children = _children(process.pid)
        if which == "one":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert all(map(ends, children))


def _children(process: int) -> list[str]:
    """Return the children of a process once it has one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split():
            return found
        time.sleep(0.01)
    raise AssertionError("there is no child")

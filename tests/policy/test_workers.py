"""Workers answer as this process would, in order, and none is left behind; each test forks a process of its own."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from tests.compiler.project import ROOT
from tests.policy.programs import ends, output

HEADER = """
import os, signal, sys, threading, time
from multiprocessing import active_children
from compiler.policy.errors import PolicyError
from compiler.policy.workers import answers, processors

def echo(question):
    return f"{question} {os.getpid()}"

def fail(question):
    if question == "2":
        raise PolicyError("one fault", "another")
    return question

def die(question):
    if question == "2":
        os.kill(os.getpid(), signal.SIGKILL)
    return question

questions = [str(number) for number in range(7)]
"""


def run(program: str) -> str:
    return output(HEADER + dedent(program))


@pytest.mark.parametrize("number", [1, 2, 3, 9])
def test_answers_come_in_the_order_of_the_questions(number: int) -> None:
    program = f"print(*answers(echo, questions, {number}), os.getpid(), sep='\\n')"
    *found, own = run(program).splitlines()
    processes = {line.partition(" ")[2] for line in found}
    assert [line.partition(" ")[0] for line in found] == [str(number) for number in range(7)]
    assert len(processes) == min(number, 7)
    assert (own in processes) is (number == 1)


@pytest.mark.parametrize("number", [1, 2])
def test_nobody_is_asked_an_empty_question(number: int) -> None:
    program = f"""
    print([text.partition(' ')[0] for text in answers(echo, ['', '0', '', '', '1', '2', '', '3', ''], {number})])
    print([*answers(fail, ['', ''], {number})], active_children())
    """
    assert run(program).splitlines() == ["['', '0', '', '', '1', '2', '', '3', '']", "['', ''] []"]


def test_what_nobody_is_asked_is_answered_before_the_next_question() -> None:
    program = """
    drawn = []
    found = answers(echo, (drawn.append(number) or '' for number in range(9)), 2)
    next(found), next(found), print(*drawn)
    """
    assert run(program) == "0 1\n"


def test_the_next_question_is_computed_while_the_workers_work_and_no_further_one() -> None:
    program = """
    asked = []
    found = answers(echo, (asked.append(question) or question for question in questions), 2)
    next(found), print(*asked)
    next(found), print(*asked)
    """
    assert run(program).splitlines() == ["0 1 2", "0 1 2 3"]


def test_no_more_is_taken_ahead_however_many_have_an_answer() -> None:
    """The first question takes long, and nobody is asked the others."""
    program = """
    asked = []
    def slow(question):
        time.sleep(1)
        return question
    found = answers(slow, (asked.append(number) or ('' if number else '0') for number in range(99)), 2)
    next(found), print(*asked)
    """
    assert run(program) == "0 1 2\n"


def test_large_questions_and_answers_pass() -> None:
    program = "print(*map(len, answers(lambda question: question * 2, ['x' * 5_000_000] * 3, 2)))"
    assert run(program).split() == ["10000000"] * 3


@pytest.mark.parametrize("number", [1, 2])
def test_the_faults_of_an_answer_are_raised_here(number: int) -> None:
    program = f"""
    try:
        print(*answers(fail, questions, {number}))
    except PolicyError as error:
        print(error.faults, active_children())
    """
    assert run(program) == "('one fault', 'another') []\n"


def test_a_worker_that_dies_gives_no_verdict() -> None:
    program = """
    found = answers(die, questions, 2)
    try:
        for answer in found:
            print(answer)
    except PolicyError as error:
        print(error, active_children())
    """
    assert run(program).splitlines() == ["0", "1", "a worker of the policy engine ended without an answer []"]


def test_answers_that_nobody_takes_leave_no_process_behind() -> None:
    program = """
    found = answers(echo, questions, 2)
    next(found)
    print(len(active_children()))
    found.close()
    print(active_children())
    """
    assert run(program).splitlines() == ["2", "[]"]


@pytest.mark.parametrize("begun", [0, 1])
def test_where_there_may_be_no_further_process_those_that_there_are_answer(begun: int) -> None:
    program = f"""
    fork, forked = os.fork, []
    def refused():
        if len(forked) == {begun}:
            raise BlockingIOError("no further process")
        forked.append(1)
        return fork()
    os.fork = refused
    print(*(text.partition(' ')[0] for text in answers(echo, ['', *questions], 2)), active_children())
    """
    assert run(program).split() == [*map(str, range(7)), "[]"]


def test_workers_end_with_the_process_that_asked() -> None:
    program = """
    found = answers(echo, questions, 2)
    print(next(found), next(found), flush=True)
    time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", HEADER + dedent(program)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        _, one, _, other = process.stdout.readline().split()
        process.kill()
    assert ends(one)
    assert ends(other)


def test_nothing_is_forked_where_another_thread_runs_or_there_is_one_processor() -> None:
    program = """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    print(processors())
    os.sched_getaffinity = lambda _: range(64)
    print(processors())
    threading.Thread(target=time.sleep, args=[1], daemon=True).start()
    print(processors())
    """
    assert run(program).split() == ["1", "4", "1"] if sys.platform == "linux" else ["1", "1", "1"]


def test_several_workers_judge_the_frozen_project_as_one_process_does() -> None:
    program = """
    from pathlib import Path
    from compiler.pipeline import compile_project
    from compiler.policy import gate, workers
    loaded = gate.load(Path("policies"))
    found = []
    for number in (1, 2, 3):
        workers.processors = lambda: number
        compilation = compile_project(Path("tests/project"), prove=lambda: loaded)
        found.append((compilation.findings, compilation.artifacts, compilation.verdict.vacuous))
    assert found[0] == found[1] == found[2]
    print(len(found[0][0]) > 0, active_children())
    """
    assert run(program) == "True []\n"

"""One contender's trial in a process of its own: load, warm up, ask, note every answer."""

from __future__ import annotations

import gc
import os
import pickle
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matching.record import PersonRecord
from matching.retrieval import IndexEntry
from scripts.benchmarking.retrieval.collection import Collection
from scripts.benchmarking.retrieval.contenders import CONTENDERS
from scripts.benchmarking.retrieval.processes import cpu_seconds, memory_mb
from scripts.benchmarking.retrieval.questions import Question
from scripts.benchmarking.rivals.base import Contender

WARM_UP = 40
"""Questions asked before the clock starts: caches of a server that has been up a while."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """What a trial is given.

    Attributes:
        name: Of the contender.
        collection: Loaded by it.
        questions: File of pickled questions.
        limit: Candidates asked for.
        seconds: After so many no further question is begun.
    """

    name: str
    collection: Collection
    questions: Path
    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """How one question went: the rank of its target from 0, None when it is not there."""

    question: int
    rank: int | None
    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The collection as contenders take it."""

    collection: Collection
    questions: tuple[Question, ...]

    def entries(self) -> Iterator[IndexEntry]:
        return self.collection.entries()

    def records(self) -> Iterator[tuple[int, PersonRecord]]:
        return ((case.case_id, case.record) for case in self.collection.cases())

    def asked(self) -> list[PersonRecord]:
        return [question.record for question in self.questions]


def run_trial(task: Task) -> Json:
    """Build, ask and measure.

    Returns:
        What it took, and `answers` in the order of the questions.
    """
    questions: tuple[Question, ...] = pickle.loads(task.questions.read_bytes())  # noqa: S301 - written by this script
    with tempfile.TemporaryDirectory(prefix="empd-trial-", dir=task.questions.parent) as folder:
        contender = CONTENDERS[task.name](Path(folder))
        try:
            started = time.perf_counter()
            contender.build(_Loaded(task.collection, questions))
            built = time.perf_counter() - started
            gc.collect()
            gc.freeze()
            for question in questions[-WARM_UP:]:
                contender.ask(question.record, question.exclude, task.limit)
            servers = contender.server_processes()
            server_before = cpu_seconds(servers)
            answers = list(_answers(contender, questions, task))
            server = (cpu_seconds(servers) - server_before) / max(len(answers), 1)
            return {
                "contender": task.name,
                "settings": contender.settings,
                "build_seconds": round(built, 1),
                "size_bytes": contender.size_bytes(),
                "memory_mb": memory_mb(),
                "load": round(os.getloadavg()[0], 1),
                "server_cpu_ms": round(server * 1000, 2) if servers else None,
                "answers": [asdict(answer) for answer in answers],
            }
        finally:
            contender.close()


def _answers(contender: Contender, questions: tuple[Question, ...], task: Task) -> Iterator[Answer]:
    end = time.perf_counter() + task.seconds
    for number, question in enumerate(questions):
        if time.perf_counter() > end:
            return
        wall, cpu = time.perf_counter(), time.process_time()
        found = contender.ask(question.record, question.exclude, task.limit)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        rank = next((at for at, case in enumerate(found) if case == question.target), None)
        yield Answer(number, rank, round(wall * 1000, 3), round(cpu * 1000, 3))

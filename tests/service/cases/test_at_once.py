"""Two workers register the same child at once: both are stored, and the pair is alerted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlmodel import Session, select

from service.accounts.operations import add_client
from service.accounts.schemas import ClientIn
from service.alerts.models import Alert
from service.cases.models import Case
from service.security.policy import CLIENT_SCOPES
from tests.conftest import World
from tests.serving import Process, served

CHILDREN = (
    ("Zamarai Stanekzai", "2010-05-17"),
    ("Selam Tesfay", "2009-03-04"),
    ("Nguyen Thi Bich Ngoc", "2011-11-23"),
    ("Abdoulaye Diabate", "2008-07-09"),
)


def add_clients(world: World) -> list[tuple[str, str]]:
    found = []
    for authority in ("BE-POL", "DE-JA"):
        with world.work() as work:
            draft = ClientIn(authority=authority, name="Partner", scopes=list(CLIENT_SCOPES))
            client, secret = add_client(work, draft)
            found.append((client.client_id, secret))
    return found


def register(worker: Process, token: str, child: tuple[str, str], barrier: Barrier) -> Any:
    body = {
        "kind": "encountered",
        "names": [child[0]],
        "births": [{"date": child[1]}],
        "sex": "M",
        "nationalities": ["AF"],
    }
    barrier.wait()
    return worker.post("/api/v1/cases", body, token)


def test_both_are_stored_and_the_pair_is_alerted(any_world: World) -> None:
    url = any_world.engine.url.render_as_string(hide_password=False)
    clients = add_clients(any_world)
    with served(url) as one, served(url) as other, ThreadPoolExecutor(2) as pool:
        workers = (one, other)
        tokens = [w.token(*client) for w, client in zip(workers, clients, strict=True)]
        answers = []
        for child in CHILDREN:
            barrier = Barrier(2)
            asked = [
                pool.submit(register, worker, token, child, barrier)
                for worker, token in zip(workers, tokens, strict=True)
            ]
            answers.append([future.result() for future in asked])
    for pair in answers:
        ids = {answer["case"]["case_id"] for answer in pair}
        told = [alert for answer in pair for alert in answer["alerts"]]
        assert len(ids) == 2
        # Whoever came second was told at once; the other finds it in the queue.
        assert [{alert["left"]["case_id"], alert["right"]["case_id"]} for alert in told] == [ids]
    with Session(any_world.engine) as session:
        assert len(session.exec(select(Case)).all()) == 2 * len(CHILDREN)
        assert len(session.exec(select(Alert)).all()) == len(CHILDREN)

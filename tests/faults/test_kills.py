"""Kill -9 in the middle: nothing acknowledged is lost, and the index verifies clean."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from sqlmodel import Session, col, select

from service.accounts.operations import add_client
from service.accounts.schemas import ClientIn
from service.cases.models import Case
from service.index.models import IndexState
from service.index.sql import SqlIndex
from service.security.policy import CLIENT_SCOPES
from tests.conftest import World
from tests.serving import EMPD, served

FAMILY = ("Hosseini", "Tesfay", "Warsame", "Nguyen", "Kovalenko", "Hoxha", "Popescu", "Diallo")
BEFORE_KILL = 12
"""Registrations acknowledged before the kill: enough for some to be under way just then."""
PATIENCE_SECONDS = 60.0


def draft(number: int) -> dict[str, Any]:
    return {
        "kind": "encountered",
        "record_id": f"R{number}",
        "names": [f"Samir {FAMILY[number % 8]}{'abcdefgh'[number // 8 % 8]}"],
        "births": [{"date": f"20{10 + number % 8}-0{1 + number % 9}-14"}],
    }


def url_of(world: World) -> str:
    return world.engine.url.render_as_string(hide_password=False)


def command(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(EMPD), *arguments],
        env={**os.environ, "EMPD_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def verify(url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(command(url, "index", "verify", "--json").stdout)
    return found


def client_of(world: World) -> tuple[str, str]:
    with world.work() as work:
        asked = ClientIn(authority="BE-POL", name="Partner", scopes=list(CLIENT_SCOPES))
        client, secret = add_client(work, asked)
        return client.client_id, secret


def test_registrations_that_were_acknowledged_outlive_a_kill(any_world: World) -> None:
    url, acknowledged = url_of(any_world), list[int]()
    enough = threading.Event()
    with served(url) as server:
        token = server.token(*client_of(any_world))

        def register(first: int) -> None:
            for number in range(first, first + 1000):
                try:
                    server.post("/api/v1/cases", draft(number), token)
                except HTTPError as error:
                    error.close()
                    return
                except (URLError, OSError, HTTPException):
                    return
                acknowledged.append(number)
                if len(acknowledged) >= BEFORE_KILL:
                    enough.set()

        writers = [threading.Thread(target=register, args=(1000 * n,)) for n in range(3)]
        for writer in writers:
            writer.start()
        assert enough.wait(PATIENCE_SECONDS)
        os.kill(server.pid, signal.SIGKILL)
        for writer in writers:
            writer.join()
    with Session(any_world.engine) as session:
        stored = set(session.exec(select(col(Case.record_id))))
    assert {f"R{number}" for number in acknowledged} <= stored
    assert verify(url)["clean"]


def registered(world: World, count: int, folder: Path) -> None:
    """Many cases at once, through the real import."""
    path = folder / "cases.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            case = draft(number)
            row = {
                "record_id": case["record_id"],
                "kind": "encountered",
                "full_name": case["names"][0],
                "date_of_birth": case["births"][0]["date"],
            }
            file.write(json.dumps(row) + "\n")
    done = command(url_of(world), "import", str(path), "--authority", "BE-POL", "--json")
    assert done.returncode == 0, done.stderr


def test_a_rebuild_that_was_killed_is_done_anew(any_world: World, tmp_path: Path) -> None:
    registered(any_world, 400, tmp_path)
    url = url_of(any_world)
    # Shares of ten cases: there is time to be killed between two of them.
    slow = (
        "from service.index import upkeep; upkeep.SHARE = 10; "
        "import sys; sys.argv = ['empd', 'index', 'build']; from service.cli import main; main()"
    )
    build = subprocess.Popen(
        [sys.executable, "-c", slow],
        env={**os.environ, "EMPD_DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until_building(any_world)
    build.kill()
    assert build.wait() == -signal.SIGKILL
    assert verify(url)["clean"]
    assert command(url, "index", "build").returncode == 0
    assert verify(url)["clean"]
    with Session(any_world.engine) as session:
        states = session.exec(select(IndexState)).all()
        assert [(state.state, state.cases) for state in states] == [("active", 400)]
        assert SqlIndex(session).cases() == 400


def wait_until_building(world: World) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with Session(world.engine) as session:
            if any(s.state == "building" and s.cases for s in session.exec(select(IndexState))):
                return
        assert time.monotonic() < end, "the build did not begin"
        time.sleep(0.01)

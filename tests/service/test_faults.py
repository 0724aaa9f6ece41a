"""What nobody foresaw: a clear answer, a counted request, and not a word of what was stored."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select
from starlette.testclient import TestClient

from service.accounts.operations import add_client
from service.accounts.schemas import ClientIn
from service.app import create_app
from service.audit.models import AuditEntry
from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.config import Settings
from service.observability import configure_logging
from service.security.policy import CLIENT_SCOPES
from service.store.engine import make_engine
from tests.conftest import World, clock

SECRET = "Zzyzxnameofnobody"
EMPD = Path(sys.executable).parent / "empd"


@pytest.fixture
def broken(world: World) -> World:
    """A store with a case whose kind is none: its text must not leave."""
    draft = CaseDraft.model_validate({"kind": "missing", "names": ["Selam Tesfay"]})
    with world.work("BE-POL") as work:
        register_case(work, world.linkage, draft, limit=10)
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET kind = :kind"), {"kind": SECRET})
        connection.execute(text("DELETE FROM case_records"))
    return world


def search(base: str, world: World) -> urllib.request.Request:
    with world.work() as work:
        draft = ClientIn(authority="BE-POL", name="Partner", scopes=list(CLIENT_SCOPES))
        client, secret = add_client(work, draft)
    form = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={secret}"
    with urllib.request.urlopen(f"{base}/oauth/token", data=form.encode()) as answer:
        token = json.load(answer)["access_token"]
    body = {"purpose": "identification", "reference": "1", "query": {"names": ["Selam Tesfay"]}}
    return urllib.request.Request(
        f"{base}/api/v1/search",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )


def test_a_served_application_logs_the_class_only(broken: World, sqlite_url: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [str(EMPD), "serve", "--port", str(port)],
        env={**os.environ, "EMPD_DATABASE_URL": sqlite_url, "EMPD_LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{base}/healthz"):
                    break
            except OSError:
                time.sleep(0.1)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(search(base, broken))
        assert refused.value.code == 500
        assert refused.value.headers["content-type"] == "application/problem+json"
        assert refused.value.headers["content-security-policy"]
        body = refused.value.read().decode()
        with urllib.request.urlopen(f"{base}/metrics") as answer:
            counted = answer.read().decode()
    finally:
        server.terminate()
        out, err = server.communicate(timeout=15)
    assert SECRET not in body + out + err
    assert "Traceback" not in err
    (line,) = [json.loads(one) for one in err.splitlines() if "unexpected_error" in one]
    assert line["error_class"] == "ValueError"
    assert line["where"].startswith("enum.py:")
    assert re.search(r'route="/api/v1/search",status="500"', counted)


def test_the_command_line_says_one_line(broken: World, sqlite_url: str) -> None:
    environment = {**os.environ, "EMPD_DATABASE_URL": sqlite_url}
    done = subprocess.run(
        [str(EMPD), "search", "Selam", "--purpose", "identification", "--reference", "1"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert SECRET not in done.stdout + done.stderr
    assert "ValueError" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["alert", "list", "--limit", "0"], {}, "--limit"),
        (["alert", "list", "--band", "foo"], {}, "--band"),
        (["import", "x.csv"], {}, "--authority"),
        (["import", "x.csv", "--authority", "BE-POL", "--kind", "foo"], {}, "--kind"),
        (["nothing"], {}, "nothing"),
        (["authority", "list"], {"EMPD_DATABASE_URL": "foo"}, "database_url"),
        (["serve", "--host", "300.1.1.1"], {}, "--port"),
    ],
)
def test_wrong_use_is_one_line(
    sqlite_url: str, arguments: list[str], settings: dict[str, str], said: str
) -> None:
    environment = {**os.environ, "EMPD_DATABASE_URL": sqlite_url, **settings}
    done = subprocess.run(
        [str(EMPD), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_failed_export_leaves_no_file(world: World, sqlite_url: str, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    environment = {**os.environ, "EMPD_DATABASE_URL": sqlite_url}
    for authority, code in (("NOPE", 2), ("BE-POL", 0)):
        done = subprocess.run(
            [str(EMPD), "export", str(target), "--authority", authority],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code
        assert target.exists() == (code == 0)
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out.csv"]


def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'none' / 'empd.sqlite3'}")
    (tmp_path / "none").rmdir()
    settings = Settings(database_url="sqlite://")
    with TestClient(create_app(settings, engine=engine, clock=clock)) as http:
        assert http.get("/readyz").status_code == 503
        assert http.get("/readyz").headers["retry-after"]
        assert http.get("/healthz").status_code == 200


def test_an_oversized_body_without_a_length_is_refused(world: World) -> None:
    settings = Settings(database_url="sqlite://", max_body_bytes=10_000)
    with TestClient(create_app(settings, engine=world.engine, clock=clock)) as http:
        answer = http.post(
            "/api/v1/search",
            content=(b"x" * 1_000 for _ in range(20)),
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"


def test_the_log_takes_no_other_keys(capsys: pytest.CaptureFixture[str], world: World) -> None:
    configure_logging("json")
    with TestClient(create_app(Settings(database_url="sqlite://"), engine=world.engine)) as http:
        http.get(f"/nowhere/{SECRET}?name={SECRET}")
        http.get("/static/style.css")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    routes = {line["route"] for line in lines if line["event"] == "request"}
    assert routes == {"unmatched", "/static"}
    assert SECRET not in str(lines)
    with Session(world.engine) as session:
        assert not session.exec(select(AuditEntry).where(AuditEntry.action == "search:run")).all()

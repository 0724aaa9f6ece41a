#!/usr/bin/env python3
"""Prove on a throw-away database that EMPD works: demo, search, registration, alert, verdict.

Used by `scripts/run --check`. Speaks HTTP with nothing but the standard library.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EMPD = ROOT / ".venv" / "bin" / "empd"
START_SECONDS = 60.0
HTTP_SECONDS = 60.0


class Failed(Exception):
    """A step did not show what it should."""


def main() -> int:
    """Run all steps; 0 when every one showed what it should, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=20_000, help="cases of the demo")
    size = parser.parse_args().size
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="empd-check-") as folder:
        environment = {
            **os.environ,
            "EMPD_DATABASE_URL": f"sqlite:///{Path(folder) / 'empd.sqlite3'}",
        }
        try:
            _empd(environment, "db", "upgrade", "--json")
            loaded = _empd(environment, "demo", "--size", str(size), "--json")
            print(
                f"demo: {loaded['cases']} cases, {loaded['alerts']} possible links, "
                f"{loaded['seconds']} s"
            )
            with _served(environment) as base:
                print(f"served after {time.monotonic() - started:.0f} s at {base}")
                _prove(base, {client["name"]: client for client in loaded["clients"]})
            trail = _empd(environment, "audit", "verify", "--json")
            _expect(trail["intact"], "the audit chain is intact")
        except Failed as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    print(f"all steps passed in {time.monotonic() - started:.0f} s")
    return 0


def _empd(environment: dict[str, str], *arguments: str) -> Any:
    done = subprocess.run(  # noqa: S603 - our own command with our own arguments
        [str(EMPD), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Failed(f"empd {' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(  # noqa: S603 - our own command
        [str(EMPD), "serve", "--port", str(port)],
        env={**environment, "EMPD_LOG_FORMAT": "json", "EMPD_PUBLIC_URL": base},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{base}/readyz", timeout=2):  # noqa: S310 - loopback
                    break
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise Failed("the server did not start") from None
                time.sleep(0.2)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=15)


def _call(base: str, path: str, *, token: str = "", body: Any = None, official: str = "") -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data)  # noqa: S310 - loopback
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if official:
        request.add_header("X-Official", official)
    return _answer(request)


def _answer(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=HTTP_SECONDS) as answer:  # noqa: S310 - loopback
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers["Content-Type"] else text
    except urllib.error.HTTPError as error:
        detail = error.read().decode()[:300]
        raise Failed(f"{request.selector}: {error.code} {detail}") from None


def _token(base: str, client: dict[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(f"{base}/oauth/token", data=data)  # noqa: S310 - loopback
    token: str = _answer(request)["access_token"]
    return token


def _prove(base: str, clients: dict[str, dict[str, Any]]) -> None:
    page = _call(base, "/sign-in")
    _expect("Sign in" in page, "the sign-in page is served")
    belgian = _token(base, clients["national-system-be"])
    german = _token(base, clients["national-system-de"])

    report = {
        "kind": "missing",
        "names": [
            {"parts": [{"text": "زمری", "kind": "given"}, {"text": "ستانکزی", "kind": "family"}]}
        ],
        "births": [{"date": "2010-05-17"}],
        "sex": "M",
        "nationalities": ["AF"],
        "relatives": [{"relation": "mother", "name": "Torpekai"}],
        "events": [
            {"kind": "disappearance", "date": "2026-03-02", "country": "DE", "place": "Kassel"}
        ],
    }
    _call(base, "/api/v1/cases", token=german, body=report)
    child = {
        "kind": "encountered",
        "names": ["Zamarai Stanekzai"],
        "births": [{"date": "2010-01-01"}],
        "sex": "M",
        "nationalities": ["AF"],
        "relatives": [{"relation": "mother", "name": "Torpekay"}],
        "events": [{"kind": "encounter", "date": "2026-04-11", "country": "BE", "place": "Brugge"}],
    }
    registered = _call(base, "/api/v1/cases", token=belgian, body=child)
    alerts = registered["alerts"]
    _expect(bool(alerts), "registration raised a possible link")
    _expect(
        alerts[0]["left"]["authority"] == "DE-POL", "the link leads to the report filed elsewhere"
    )
    _expect(alerts[0]["left"]["display_name"] is None, "the other authority's name stays withheld")

    asked = {
        "purpose": "missing_child_search",
        "reference": "CHECK/1",
        "query": {"names": ["Zmaray Stanikzay"], "born": "2010"},
    }
    started = time.monotonic()
    answer = _call(base, "/api/v1/search", token=belgian, body=asked)
    print(f"search: {len(answer['hits'])} hits in {(time.monotonic() - started) * 1000:.0f} ms")
    ids = [hit["case_id"] for hit in answer["hits"][:3]]
    _expect(registered["case"]["case_id"] in ids, "a misspelt name is among the first three hits")

    verdict = {"verdict": "same", "reason": "mother's name and year agree"}
    path = f"/api/v1/alerts/{alerts[0]['alert_id']}/verdicts"
    settled = _call(base, path, token=belgian, body=verdict, official="officer.be")
    _expect(settled["decided_by"].endswith("officer.be"), "a named official decides")
    case = _call(base, f"/api/v1/cases/{registered['case']['case_id']}", token=belgian)
    _expect(case["cluster_id"] is not None, "confirmed cases form a cluster")


def _expect(shown: bool, what: str) -> None:  # noqa: FBT001 - the one thing it looks at
    if not shown:
        raise Failed(f"not shown: {what}")
    print(f"ok: {what}")


if __name__ == "__main__":
    sys.exit(main())

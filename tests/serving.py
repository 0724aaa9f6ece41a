"""EMPD served by processes of its own, for what only shows between processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

EMPD = Path(sys.executable).parent / "empd"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Process:
    """A served EMPD."""

    base: str
    pid: int

    def token(self, client_id: str, secret: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        with urllib.request.urlopen(f"{self.base}/oauth/token", urlencode(form).encode()) as answer:
            return str(json.load(answer)["access_token"])

    def post(self, path: str, body: Any, token: str, official: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if official:
            headers["X-Official"] = official
        request = urllib.request.Request(f"{self.base}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@contextmanager
def served(database_url: str, *options: str) -> Iterator[Process]:
    """`empd serve` on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [str(EMPD), "serve", "--port", str(port), *options],
        env={**os.environ, "EMPD_DATABASE_URL": database_url, "EMPD_PUBLIC_URL": base},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{base}/healthz"):
                    break
            except OSError:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.1)
        yield Process(base, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=15)

"""Clients that keep their connection and ask one question after the other, each in a thread."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

Json = dict[str, Any]
SECONDS = 60.0
"""A client gives up on an answer after this long."""


class Refused(Exception):
    """The server gave no token."""


@dataclass(slots=True)
class Answers:
    """Seconds of each answer that was good, and how many were not, by status."""

    seconds: list[float] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    wall: float = 0.0


class Server:
    """The address of an EMPD and the credentials of one machine client."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        self._parts = urlsplit(url)
        self._client_id, self._secret = client_id, secret

    def connect(self) -> HTTPConnection:
        """A connection of its own."""
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        return kind(self._parts.netloc, timeout=SECONDS)

    def token(self) -> str:
        """A bearer token.

        Raises:
            Refused: If the server gives none.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret,
        }
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection = self.connect()
            connection.request("POST", "/oauth/token", urlencode(form), kind)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, HTTPException, ValueError) as error:
            raise Refused(f"the server does not answer: {type(error).__name__}") from None
        finally:
            connection.close()
        if "access_token" not in body:
            raise Refused(f"the server gave no token: status {answer.status}")
        return str(body["access_token"])


def ask(server: Server, path: str, bodies: Iterator[Json], count: int, clients: int) -> Answers:
    """Put questions to the server as fast as it answers.

    Args:
        server: Whom to ask.
        path: Where to post.
        bodies: The questions, each asked once.
        count: How many.
        clients: Connections at a time.
    """
    waiting = [json.dumps(next(bodies)).encode() for _ in range(count)]
    waiting.reverse()
    answers = Answers()
    token = server.token()
    threads = [
        threading.Thread(target=_client, args=(server, path, token, waiting, answers))
        for _ in range(clients)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.wall = time.perf_counter() - started
    return answers


def _client(server: Server, path: str, token: str, waiting: list[bytes], answers: Answers) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = server.connect()
    while True:
        try:
            # Lists are safe to pop from in several threads.
            body = waiting.pop()
        except IndexError:
            break
        started = time.perf_counter()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            status = str(answer.status)
        except (OSError, HTTPException) as error:
            connection.close()
            status = type(error).__name__
        if status.startswith("2"):
            answers.seconds.append(time.perf_counter() - started)
        else:
            answers.failed[status] = answers.failed.get(status, 0) + 1
    connection.close()

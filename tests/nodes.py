"""A real Elasticsearch node of one's own, to start, stop and kill."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "elasticsearch"


@dataclass
class Node:
    """A node that keeps its data and, once it has run, its port."""

    data: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def start(self) -> str:
        """Start the node and wait until it answers; its address."""
        port = self.url.rpartition(":")[2] or "0"
        self.url = self._run("start", "--port", port, *self.options).strip()
        return self.url

    def stop(self) -> None:
        """End it in good order."""
        self._run("stop")

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(int((self.data / "server.pid").read_text()), signal.SIGKILL)

    def _run(self, command: str, *options: str) -> str:
        done = subprocess.run(
            [str(SCRIPT), command, "--data", str(self.data), *options],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

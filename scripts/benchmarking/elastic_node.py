"""An Elasticsearch node of a trial's own, started by scripts/elasticsearch."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

HEAP = "1g"
_SCRIPT = Path(__file__).resolve().parents[1] / "elasticsearch"


class Node:
    """A node from when it is made until it is closed."""

    settings = f"Elasticsearch 8.19, one node, heap {HEAP}"

    def __init__(self) -> None:
        # Not in the trial's folder: as root the server runs as another user.
        self._directory = tempfile.TemporaryDirectory(prefix="empd-es-", ignore_cleanup_errors=True)
        self.data = Path(self._directory.name)
        self.data.chmod(0o755)
        self.url = self._run("start", "--port", "0", "--heap", HEAP).strip()

    def _run(self, command: str, *options: str) -> str:
        words = [str(_SCRIPT), command, "--data", str(self.data), *options]
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own script

    def pid(self) -> int:
        """Of the server."""
        return int((self.data / "server.pid").read_text("utf-8"))

    def size_bytes(self) -> int:
        """Of everything it stored."""
        return sum(p.stat().st_size for p in (self.data / "store").rglob("*") if p.is_file())

    def close(self) -> None:
        """Stop it and delete what it stored."""
        self._run("stop")
        self._directory.cleanup()

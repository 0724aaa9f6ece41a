"""The command line `empd`: one module a noun, every command with `--json`."""

from __future__ import annotations

from service.cli.main import main

__all__ = ["main"]

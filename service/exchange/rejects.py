"""The file of rejected rows, continued where a killed import had committed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from service.errors import BadInput, FieldError
from service.exchange.preparing import PreparedRow


class RejectsFile:
    """Rejected rows as JSON Lines with their reasons; made only when there is one.

    Args:
        path: Where it goes.
        keep: Bytes of it that stand from the batches committed before.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._keep = self._size = keep
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def written_to(self) -> str | None:
        """The path, or None when nothing was rejected."""
        return str(self._path) if self._size else None

    def begin(self) -> None:
        """Take the file up; only for whom the next rows of the import are claimed.

        Raises:
            BadInput: If it cannot be written.
        """
        if self._begun:
            return
        self._begun = True
        with _named():
            if not self._keep:
                # Rejects of an earlier import of this file are none of this one.
                self._path.unlink(missing_ok=True)
                return
            self._file = self._path.open("r+b")
            # What a batch wrote that never committed is written again with it.
            self._file.truncate(self._keep)
            self._file.seek(self._keep)

    def add(self, row: PreparedRow) -> None:
        """Write one rejected row.

        Raises:
            BadInput: If the file cannot be written.
        """
        if self._file is None:
            with _named():
                self._file = self._path.open("wb")
        body = {
            "row": row.number,
            "errors": [item.as_json() for item in row.errors],
            "source": row.raw,
        }
        line = (json.dumps(body, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        self._file.write(line)
        self._size += len(line)

    def settle(self) -> int:
        """Bring what was written to the disk, before the batch that counts on it commits.

        Returns:
            Bytes of the file.
        """
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
        return self._size


@contextmanager
def _named() -> Iterator[None]:
    """Name the file that the system refuses."""
    try:
        yield
    except OSError as error:
        reason = f"cannot be written: {error.strerror}"
        raise BadInput.of(FieldError("file of rejects", reason)) from None

"""Lists in a file of our own, a compressed block at a time: larger than memory is no matter."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

_LENGTH_BYTES = 8
_FAST = 1
"""Level of compression: a quarter of the size for a twentieth of the time of building anew."""


def packed_block(items: list[Any]) -> bytes:
    """A block as it stands in a file."""
    data = zlib.compress(pickle.dumps(items, pickle.HIGHEST_PROTOCOL), _FAST)
    return len(data).to_bytes(_LENGTH_BYTES, "little") + data


def read_blocks(path: Path, wanted: frozenset[int] | None = None) -> Iterator[tuple[int, Any]]:
    """Blocks with their numbers, in order; those not wanted are passed over unread."""
    for number, data in enumerate(packed_blocks(path, wanted)):
        if data:
            yield number, unpacked(data)


def packed_blocks(path: Path, wanted: frozenset[int] | None = None) -> Iterator[bytes]:
    """Blocks as they stand in a file, in order; in place of those not wanted, nothing."""
    with path.open("rb") as file:
        for number in count():
            head = file.read(_LENGTH_BYTES)
            if not head:
                return
            length = int.from_bytes(head, "little")
            if wanted is None or number in wanted:
                yield file.read(length)
            else:
                file.seek(length, 1)
                yield b""


def packed_alone(item: Any) -> bytes:
    """An item that is unpacked without the rest of its block."""
    return pickle.dumps(item, pickle.HIGHEST_PROTOCOL)


def unpacked_alone(data: bytes) -> Any:
    """The item of `packed_alone`."""
    return pickle.loads(data)  # noqa: S301 - written by this script alone


def unpacked(data: bytes) -> list[Any]:
    """The items of a block."""
    items: list[Any] = pickle.loads(zlib.decompress(data))  # noqa: S301 - written by this script alone
    return items

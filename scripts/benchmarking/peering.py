"""Run the peer tools in their own environment, on files, over the same pairs."""

from __future__ import annotations

import csv
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.record import NamePartKind, PersonRecord
from scripts.benchmarking.offers import Offered

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
RUNNER = ROOT / "scripts" / "benchmarking" / "peers" / "run.py"
SEED = 7


class PeersMissing(Exception):
    """The environment of the peers is not there, or a tool failed in it."""


@dataclass(frozen=True, slots=True)
class PeerScores:
    """What a tool gave: scores in the order of the pairs, and its own account."""

    version: str
    threshold: float
    scores: list[float]
    seconds: float
    peak_mb: int
    settings: str


def score_records(tool: str, offered: Offered) -> PeerScores:
    """Score the offered pairs of records with a peer.

    Raises:
        PeersMissing: If the environment is missing or the tool fails.
    """
    with tempfile.TemporaryDirectory(prefix="empd-peers-") as directory:
        folder = Path(directory)
        with (folder / "records.jsonl").open("w", encoding="utf-8") as file:
            for name, record in zip(offered.ids, offered.records, strict=True):
                file.write(json.dumps(_row(name, record), ensure_ascii=False) + "\n")
        pairs = [
            (offered.ids[left], offered.ids[right])
            for left, right in zip(offered.left.tolist(), offered.right.tolist(), strict=True)
        ]
        _write_pairs(folder / "pairs.csv", pairs)
        inputs = ["--records", str(folder / "records.jsonl"), "--pairs", str(folder / "pairs.csv")]
        return _run(tool, inputs, folder / "scores.json")


def score_names(tool: str, pairs: Sequence[tuple[str, str]]) -> PeerScores:
    """Score pairs of names with a peer.

    Raises:
        PeersMissing: If the environment is missing or the tool fails.
    """
    with tempfile.TemporaryDirectory(prefix="empd-peers-") as directory:
        folder = Path(directory)
        _write_pairs(folder / "names.csv", pairs)
        return _run(tool, ["--names", str(folder / "names.csv")], folder / "scores.json")


def _run(tool: str, inputs: list[str], out: Path) -> PeerScores:
    if not PYTHON.exists():
        raise PeersMissing("the peers are not installed: run scripts/peers")
    command = [str(PYTHON), str(RUNNER), tool, *inputs, "--out", str(out), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own runner
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise PeersMissing(f"{tool} failed: {last}")
    body = json.loads(out.read_text("utf-8"))
    return PeerScores(
        body["version"],
        body["threshold"],
        body["scores"],
        body["seconds"],
        body["peak_mb"],
        body["settings"],
    )


def _write_pairs(path: Path, pairs: Sequence[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("left", "right"))
        writer.writerows(pairs)


def _row(name: str, record: PersonRecord) -> dict[str, Any]:
    """A record as the peers take it; what it does not say is empty."""
    parts = record.names[0].parts if record.names else ()
    address = record.addresses[0] if record.addresses else None
    relatives = {item.relation: item.name.text for item in record.relatives}
    return {
        "id": name,
        "names": [item.text for item in record.names],
        "given": " ".join(p.text for p in parts if p.kind is NamePartKind.GIVEN),
        "family": " ".join(p.text for p in parts if p.kind is NamePartKind.FAMILY),
        "births": [born.date.text for born in record.births],
        "sex": record.sex.value,
        "nationalities": list(record.nationalities),
        "countries_of_birth": list(record.countries_of_birth),
        "place_of_birth": record.places_of_birth[0] if record.places_of_birth else "",
        "street": address.text if address else "",
        "city": address.city if address else "",
        "postcode": address.postcode if address else "",
        "phones": [item.value for item in record.contacts if item.kind == "phone"],
        "documents": [item.number for item in record.documents],
        "mother": relatives.get("mother", ""),
        "father": relatives.get("father", ""),
        "event_country": next((e.place.country for e in record.events if e.place.country), ""),
    }

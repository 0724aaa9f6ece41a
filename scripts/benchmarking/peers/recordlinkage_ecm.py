"""The Python Record Linkage Toolkit: binary levels and its unsupervised ECM classifier."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pandas as pd
from recordlinkage import Compare, ECMClassifier

from scripts.benchmarking.peers.inputs import Pair, Record, Scored, full_date, parts, plain, words

THRESHOLD = 0.5
RANDOM = 2
"""Random pairs for every pair to score."""
_NAME = 0.85
"""Jaro-Winkler from which two texts agree, as in the toolkit's own example."""
_TEXTS = ("given", "family", "sorted_name", "mother", "place")
_EXACT = ("dob", "year", "sex", "nationality", "phone", "document")


def _row(record: Record) -> dict[str, str | None]:
    given, family = parts(record)
    dob = full_date(record)
    row = {
        "given": given,
        "family": family,
        "sorted_name": " ".join(sorted(words(next(iter(record["names"]), "")))),
        "mother": plain(record["mother"]),
        "place": plain(record["place_of_birth"]),
        "dob": dob,
        "year": dob[:4] or next((b[:4] for b in record["births"] if ".." not in b), ""),
        "sex": record["sex"] if record["sex"] in {"F", "M", "X"} else "",
        "nationality": next(iter(record["nationalities"]), ""),
        "phone": next(iter(record["phones"]), ""),
        "document": next(iter(record["documents"]), ""),
    }
    return {name: value or None for name, value in row.items()}


def score(records: list[Record], pairs: list[Pair], seed: int) -> Scored:
    """Match probabilities of the ECM classifier, fitted to the pairs and to random ones.

    Fitted to blocked pairs alone it finds the blocks again, not the matches.
    """
    ids = [record["id"] for record in records]
    frame = pd.DataFrame([_row(record) for record in records], index=ids)
    draw = np.random.default_rng(seed).integers(len(ids), size=(RANDOM * len(pairs), 2))
    features = _features(pairs, frame)
    others = _features([(ids[i], ids[j]) for i, j in draw if i != j], frame)
    training = pd.concat([features, others])
    used = training.columns[training.min() < training.max()]
    classifier = ECMClassifier()
    classifier.fit(training[used])
    return Scored(
        version("recordlinkage"),
        THRESHOLD,
        [float(value) for value in classifier.prob(features[used]).to_numpy()],
        f"Jaro-Winkler {_NAME} on {', '.join(_TEXTS)}; exact {', '.join(_EXACT)}; "
        f"ECM on the pairs and {RANDOM} random ones each, start by Jaro",
    )


def _features(pairs: list[Pair], frame: pd.DataFrame) -> pd.DataFrame:
    compare = Compare()
    for name in _TEXTS:
        compare.string(name, name, method="jarowinkler", threshold=_NAME, label=name)
    for name in _EXACT:
        compare.exact(name, name, label=name)
    return compare.compute(pd.MultiIndex.from_tuples(pairs), frame).astype(int)

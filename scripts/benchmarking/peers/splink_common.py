"""What the two models of Splink share: the frame, the exact pairs, and the match weights."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

import numpy as np
import pandas as pd
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator

from scripts.benchmarking.peers.inputs import Pair, Record, Scored, full_date, parts, plain

THRESHOLD = 0.0
"""A match probability of one half."""
LISTS = frozenset(
    {
        "countries", "documents", "father_parts", "name_keys", "parts", "phones", "rare_parts",
        "skeleton_keys", "words",
    }
)  # fmt: skip
YEARS = frozenset({"first_year", "last_year"})


def base_row(record: Record) -> dict[str, object]:
    """The columns of both models; None is unknown."""
    given, family = parts(record)
    return {
        "unique_id": record["id"],
        "given": given or None,
        "family": family or None,
        "dob": full_date(record) or None,
        "sex": record["sex"] if record["sex"] in {"F", "M", "X"} else None,
        "nationality": next(iter(record["nationalities"]), None),
        "country_of_birth": next(iter(record["countries_of_birth"]), None),
        "place": plain(record["place_of_birth"]) or None,
        "city": plain(record["city"]) or None,
        "postcode": plain(record["postcode"]) or None,
        "phone": next(iter(record["phones"]), None),
        "document": next(iter(record["documents"]), None),
    }


def make_linker(rows: Iterable[dict[str, object]], settings: SettingsCreator) -> Linker:
    """A linker on rows in DuckDB; the types are named, for a column may be unknown throughout."""
    found = list(rows)
    schema = pa.schema([(name, _type(name)) for name in found[0]])
    return Linker(DuckDBAPI().register(pa.Table.from_pylist(found, schema=schema)), settings)


def _type(column: str) -> pa.DataType:
    if column in LISTS:
        return pa.list_(pa.string())
    return pa.int32() if column in YEARS else pa.string()


def match_weights(linker: Linker, pairs: list[Pair]) -> list[float]:
    """The match weight of exactly these pairs, through Splink's registered blocked pairs.

    Raises:
        RuntimeError: If Splink scored other pairs than those asked for.
    """
    wanted = sorted({(min(pair), max(pair)) for pair in pairs})
    blocked = pd.DataFrame(wanted, columns=["join_key_l", "join_key_r"])
    blocked.insert(0, "match_key", "0")
    api = linker._db_api  # noqa: SLF001  (the linker names its database nowhere else)
    linker.table_management.register_blocked_pairs_for_predict(api.register(blocked))
    found = linker.inference.predict(warning_mode="never").as_pandas_dataframe()
    weights = dict(
        zip(
            zip(
                np.minimum(found["unique_id_l"], found["unique_id_r"]),
                np.maximum(found["unique_id_l"], found["unique_id_r"]),
                strict=True,
            ),
            found["match_weight"].astype(float),
            strict=True,
        )
    )
    if len(found) != len(wanted) or weights.keys() != set(wanted):
        raise RuntimeError(f"Splink scored {len(found)} pairs of {len(wanted)} wanted")
    return [float(weights[min(pair), max(pair)]) for pair in pairs]


def scored(linker: Linker, pairs: list[Pair], settings: str) -> Scored:
    """The result of a trained linker."""
    return Scored(version("splink"), THRESHOLD, match_weights(linker, pairs), settings)

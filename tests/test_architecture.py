"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fixtures
import matching
import service

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("matching", "service", "fixtures")
LINES_AT_MOST = 400
BANNED_FILES = {"utils", "helpers", "manager", "common"}
CLOCK_READERS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("datetime", "today"),
}
TOP_LEVEL = {
    ".ci", ".git", ".github", "docs", "fixtures", "matching", "scripts", "service", "tests",
    ".editorconfig", ".gitattributes", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md",
    "LICENSE", "README.md", "compose.yaml", "pyproject.toml", "requirements.lock",
    "requirements-dev.lock",
}  # fmt: skip


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            if "versions" not in path.parts:
                yield path


def nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def calls(path: Path) -> Iterator[ast.Call]:
    for node in nodes(path):
        if isinstance(node, ast.Call):
            yield node


@pytest.mark.parametrize("package", [matching, service, fixtures])
def test_packages_come_from_this_tree(package: object) -> None:
    assert Path(str(package.__file__)).is_relative_to(ROOT)  # type: ignore[attr-defined]  # a module


def test_import_contracts_hold() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [str(tool), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_matching_has_a_thin_facade() -> None:
    assert 0 < len(matching.__all__) <= 20
    assert all(hasattr(matching, name) for name in matching.__all__)


def test_no_builtin_hash() -> None:
    """It differs from process to process; within an object's own `__hash__` that is meant."""
    found = []
    for path in sources(*PACKAGES):
        every = list(nodes(path))
        own = {
            inner
            for node in every
            if isinstance(node, ast.FunctionDef) and node.name == "__hash__"
            for inner in ast.walk(node)
        }
        found += [
            path
            for call in every
            if isinstance(call, ast.Call) and call not in own
            if isinstance(call.func, ast.Name) and call.func.id == "hash"
        ]
    assert found == []


def test_only_the_clock_reads_the_clock() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources(*PACKAGES)
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr) in CLOCK_READERS
    }
    assert found == {"service/clock.py"}


def test_nobody_commits_but_the_unit_of_work() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources("service")
        for call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    }
    allowed = ("unit_of_work.py", "transaction.py", "migrations/env.py")
    assert found <= {f"service/store/{name}" for name in allowed}


def test_only_projections_are_written_without_a_trail() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources("service")
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "transaction"
    }
    assert found <= {"service/index/upkeep.py"}


def test_queries_live_in_repositories() -> None:
    """`select` is imported by repositories and by the store only."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources("service")
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom)
        and node.module in {"sqlmodel", "sqlalchemy"}
        and any(alias.name == "select" for alias in node.names)
        and path.name != "repository.py"
    }
    assert found == set()


def test_files_are_short_and_well_named() -> None:
    long = [
        path
        for path in sources(*PACKAGES)
        if len(path.read_text("utf-8").splitlines()) > LINES_AT_MOST
    ]
    named = [path for path in sources(*PACKAGES) if path.stem in BANNED_FILES]
    assert long == []
    assert named == []


def test_nothing_else_lies_at_the_top() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert {Path(name).parts[0] for name in tracked if name} <= TOP_LEVEL


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index" not in text.split("--hash")[0]

"""compose.yaml names what exists: settings, commands, files, services, volumes.

It is not run here: that needs a container engine.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.config import Settings
from tests.serving import EMPD

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
NODES = ("es1", "es2", "es3")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\?[^}]*|:-([^}]*))?\}")


def environment(service: str) -> dict[str, str]:
    """What a service is given, with a word in the place of each secret."""
    given = SERVICES[service]["environment"]
    return {name: _VARIABLE.sub(lambda m: m[2] or "word", value) for name, value in given.items()}


def empd_commands() -> list[list[str]]:
    """Each call of `empd`, also those within a line for a shell."""
    found = []
    for service in OURS:
        words = SERVICES[service]["command"]
        lines = re.split(r";|\|\||&&", words[-1]) if words[0] == "sh" else [shlex.join(words)]
        found += [shlex.split(line) for line in lines]
    return found


@pytest.mark.parametrize("service", OURS)
def test_settings_exist_and_are_sound(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = environment(service)
    known = {f"EMPD_{name.upper()}" for name in Settings.model_fields}
    assert set(given) <= known
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.environment == "production"
    assert settings.index == "elastic"
    assert [url.removeprefix("https://") for url in settings.elastic_urls] == [
        f"{node}:9200" for node in NODES
    ]


@pytest.mark.parametrize("words", empd_commands(), ids=shlex.join)
def test_commands_exist(words: list[str]) -> None:
    assert words[0] == "empd"
    done = subprocess.run(
        [str(EMPD), *words[1:], "--help"],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in words if word.startswith("--"))


@pytest.mark.parametrize("node", NODES)
def test_security_is_on(node: str) -> None:
    given = environment(node)
    for part in ("enabled", "http.ssl.enabled", "transport.ssl.enabled"):
        assert given[f"xpack.security.{part}"] == "true"
    assert given["node.name"] == node
    assert given["xpack.security.http.ssl.key"] == f"certs/{node}/{node}.key"
    assert SERVICES[node]["healthcheck"]["test"]
    assert "ports" not in SERVICES[node]


def test_secrets_have_no_default() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    secrets = {"EMPD_SECRET_KEY", "EMPD_POSTGRES_PASSWORD", "EMPD_ELASTIC_PASSWORD"}
    used = {match[1]: match[0] for match in _VARIABLE.finditer(text)}
    assert secrets <= set(used)
    assert all(":?" in used[name] for name in secrets)


def test_images_name_a_version_and_no_host() -> None:
    lines = (ROOT / "scripts" / "Dockerfile").read_text("utf-8").splitlines()
    images = {line.split()[1] for line in lines if line.startswith("FROM ")}
    images |= {service["image"] for service in SERVICES.values() if "build" not in service}
    assert images
    assert all(re.fullmatch(r"[a-z]+:[0-9][0-9a-z.-]*", image) for image in images)


def test_the_server_is_the_one_of_the_tests() -> None:
    script = (ROOT / "scripts" / "elasticsearch").read_text("utf-8")
    version = re.search(r"^VERSION=(.+)$", script, re.MULTILINE)
    assert version is not None
    images = {SERVICES[name]["image"] for name in (*NODES, "certificates")}
    assert images == {f"elasticsearch:{version[1]}"}


def test_services_wait_for_what_exists() -> None:
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[name]
            else:
                assert condition["condition"] == "service_completed_successfully"
                assert "restart" not in SERVICES[name]


def test_volumes_are_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert used == set(COMPOSE["volumes"])


def test_the_image_takes_what_exists() -> None:
    lines = (ROOT / "scripts" / "Dockerfile").read_text("utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]}
    ignored = (ROOT / "scripts" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert all((ROOT / name).exists() for name in copied)
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert {SERVICES[name]["build"]["dockerfile"] for name in OURS} == {"scripts/Dockerfile"}

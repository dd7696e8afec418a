"""The cluster is described once: what compose.yaml starts is what the Procfile names."""

from __future__ import annotations

import yaml

from tests.scale.conftest import ROOT

import cluster  # isort: skip (of deploy/, which the line above has made known)

ENGINES = {"postgres", "redis", "prepare"}


def test_compose_starts_what_the_procfile_names():
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    lines = (ROOT / "Procfile").read_text().splitlines()
    commands = {name: service["command"] for name, service in services.items() if name not in ENGINES}
    assert commands == dict(line.split(": ", 1) for line in lines)
    assert set(services) >= ENGINES


def test_compose_starts_each_as_often_as_make_cluster():
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    often = {name: services[name].get("deploy", {}).get("replicas", 1) for name in cluster.COUNTS}
    assert often == {name: default for name, (_variable, default) in cluster.COUNTS.items()}
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert all(f"`{variable}` ({count})" in documented for variable, count in cluster.COUNTS.values() if variable)
    first, last = services["web"]["ports"][0].split(":")[1].split("-")
    assert int(last) - int(first) >= often["web"] - 1, "each has a port of its own"


def test_every_process_of_compose_is_told_the_same_settings():
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    shared = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "COASTY_BASE_URL", "COASTY_API_KEY"}
    assert all(shared <= set(one["environment"]) for name, one in services.items() if name not in {"postgres", "redis"})
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert all(f"`{name}`" in documented for name in services["web"]["environment"])

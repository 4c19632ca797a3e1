"""Every indicator of the seeds names a function, its arguments and all of its parameters, and nothing else."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from caspian_env.seeds.sourced import load_ports, load_projections, load_transects
from caspian_env.seeds.targets import load_targets

FILES = sorted((Path(__file__).parents[2] / "seeds" / "indicators").glob("*.yaml"))
ENTRIES = [entry for path in FILES for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
VARIANTS = [
    pytest.param(entry, variant, id="_".join(filter(None, [entry["id"], variant["suffix"]])))
    for entry in ENTRIES
    for variant in entry["variants"]
]


@pytest.mark.parametrize(("entry", "variant"), VARIANTS)
def test_seed_fits_its_function(entry: dict[str, Any], variant: dict[str, Any]) -> None:
    module, _, name = entry["function"].partition(".")
    parameters = inspect.signature(
        getattr(importlib.import_module(f"caspian_env.indicators.{module}"), name)
    ).parameters
    series = {p.name for p in parameters.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY}
    options = {p.name for p in parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    assert series == set(variant["inputs"])
    rows = {"port": load_ports(), "transect": load_transects(), "projection": load_projections()}
    promised = [load_targets()[name] for name in variant.get("targets", [])]
    facts = [rows[table][variant[table]].parameters() for table in rows if table in variant]
    facts += [target.parameters() for target in promised]
    assert options == set(entry["parameters"]).union(*facts, variant.get("parameters", {}))
    assert variant.get("locations") or promised
    assert entry["note"] and entry["citation"] and entry["statistic"] and isinstance(entry["units"], str)


def test_a_file_holds_what_the_module_of_its_name_computes() -> None:
    for path in FILES:
        functions = [entry["function"] for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
        assert {function.partition(".")[0] for function in functions} == {path.stem}


def test_ids_are_unique_and_heights_name_their_datum() -> None:
    ids = [param.id for param in VARIANTS]
    assert len(ids) == len(set(ids)) >= 18
    for entry in ENTRIES:
        for variant in entry["variants"]:
            assert not entry["relative_to_datum"] or (variant.get("datum") or entry.get("datum"))

"""What the README says is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from caspian_env.catalog.engine import open_catalog
from caspian_env.catalog.query import ask
from caspian_env.catalog.sql_files import view_files
from caspian_env.seeds import load_datasets
from caspian_env.settings import known_names, load_settings

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    ran = shell("caspian-env run --demo", folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CASPIAN_ENV_")}
    function = f'caspian-env() {{ "{sys.executable}" -m caspian_env "$@"; }}\n'
    command = ["bash", "-ec", function + script]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=600, env=kept | {"PYTHONPATH": str(ROOT)}
    )


def block(mark: str, language: str) -> str:
    found = re.search(rf"<!-- {mark}: run by the tests -->\n```{language}\n(.*?)```", README, flags=re.DOTALL)
    assert found, f"the README has no block marked {mark}"
    return found[1]


@pytest.mark.slow
def test_the_tour_works(demonstration: Path) -> None:
    toured = shell(block("tour", "sh"), demonstration)
    assert toured.returncode == 0, toured.stderr
    assert "dahiti_39" in toured.stdout
    assert (demonstration / "pages" / "bulletin-synthetic.html").is_file()


@pytest.mark.slow
def test_the_join_reaches_the_bytes(demonstration: Path) -> None:
    catalog = open_catalog(f"sqlite:///{demonstration / 'caspian-demo' / 'caspian-synthetic.db'}")
    (row,) = ask(catalog, block("sql", "sql")).rows
    stored = demonstration / "caspian-demo" / "archive" / row[3][:2] / row[3]
    assert row[2].startswith("https://dahiti.dgfi.tum.de/")
    assert stored.is_file()


def test_every_setting_and_view_is_named() -> None:
    for name in known_names() | {name for name, _ in view_files()}:
        assert f"`{name}`" in README, name


def test_the_settings_file_is_read_and_its_key_is_one_that_a_dataset_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("CASPIAN_ENV_")]:
        monkeypatch.delenv(name)
    found = re.search(r"<!-- settings file: read by the tests -->\n```toml\n(.*?)```", README, flags=re.DOTALL)
    assert found
    file = tmp_path / "caspian-env.toml"
    file.write_text(found[1], encoding="utf-8")
    settings = load_settings(config=file, home=tmp_path)
    assert settings.contact == "data@institute.example"
    assert settings.keys == {"DAHITI_KEY": "..."}
    assert set(settings.keys) <= {dataset.key.setting for dataset in load_datasets().values() if dataset.key}

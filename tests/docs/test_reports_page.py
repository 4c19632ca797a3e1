"""Every command in the table of docs/reports.md, as it stands there and in its order."""

from __future__ import annotations

import re
import shlex
import zipfile
from pathlib import Path

import pytest

from caspian_env.cli import main
from caspian_env.seeds import load_reports
from caspian_env.settings import data_folder
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\| `caspian-env (report [^`]+)` \|", PAGE, flags=re.MULTILINE)


def call(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


@pytest.mark.slow
def test_the_commands_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPIAN_ENV_DATASETS", DATASET)
    publish(tmp_path / "mirror", co2_table(60))
    assert call("run", "--mirror", "mirror") == 0
    allowed = [word for name in ("refused", "no_uncertainty", "unproven", "flagged") for word in ("--allow", name)]
    assert [command.split()[1] for command in COMMANDS] == [
        *["build"] * 5, "package", "freeze", "list", "check", "rebuild", "diff", "since", "erratum",
    ]  # fmt: skip
    done = []
    for command in sorted(COMMANDS, key=lambda text: text.split()[1] == "diff"):  # a second edition is needed first
        words = shlex.split(command)
        if words[1] == "erratum":  # there is something to correct
            publish(tmp_path / "mirror", co2_table(60, {50: 3.0}))
            assert call("run", "--mirror", "mirror") == 0
        done.append(call(*words, *(allowed if words[1] in ("freeze", "erratum") else [])))
    assert done == [0] * len(COMMANDS)
    assert list((tmp_path / "again").iterdir())
    assert (tmp_path / "cited" / "bulletin-citations.bib").is_file()
    assert call("export", "--format", "csvw", "--out", "exchange", "--cite") == 0
    assert f"@misc{{{DATASET}," in (tmp_path / "exchange" / "citations.bib").read_text(encoding="utf-8")
    assert call("cube", "noaa_oisst_v2_1", "--cite") == 2  # without --out there is nothing to cite
    languages = ("", ".az", ".kk", ".ru")
    every = {path.name for path in (tmp_path / "everything").iterdir()}
    assert {
        f"{name}{lang}.{form}"
        for name in load_reports(data_folder("seeds"))
        for lang in languages
        for form in ("html", "pdf")
    } <= every
    assert sorted(path.name for path in (tmp_path / "numbers").iterdir()) == [
        "bulletin.nc", "bulletin.parquet", "observations.parquet",
    ]  # fmt: skip
    with zipfile.ZipFile(tmp_path / "bulletin.zip") as archive:
        assert "datapackage.json" in archive.namelist()
    assert sorted(path.name for path in (tmp_path / "print").iterdir()) == [
        "bulletin.az.pdf", "bulletin.kk.pdf", "bulletin.pdf", "bulletin.ru.pdf",
    ]  # fmt: skip

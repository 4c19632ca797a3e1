"""From a provider's file to an indicator: what quality control holds back, and what a person says in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.observations import find_series, read_series
from caspian_env.cli import main
from caspian_env.errors import CatalogError, SettingsError
from caspian_env.workflows.compute import compute
from caspian_env.workflows.quality import Address, agreements, clear, override

from .quality_bench import Bench, bench_at

DAHITI = "dahiti_water_level"
BY_HAND = {"by": "A. Ali", "reason": "oil film on the water"}
FIRST_EPOCH = datetime(2000, 1, 3, tzinfo=UTC)
EPOCHS = [FIRST_EPOCH + timedelta(days=10 * n) for n in range(110)]  # three years: 2000 to 2002


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    with bench_at(database_url, tmp_path / "home", tmp_path / "mirror") as opened:
        yield opened


def heights(changes: dict[int, float] | None = None) -> list[float]:
    """A sea that falls by 2 cm a month, with waves that no two years share, and the changes asked for."""
    level = [-27.0 - 0.007 * n + 0.05 * np.sin(n / 3.1) + 0.02 * np.cos(n * n) for n in range(len(EPOCHS))]
    return [round(value + (changes or {}).get(n, 0.0), 3) for n, value in enumerate(level)]


def answer(level: list[float], epochs: list[datetime] = EPOCHS) -> bytes:
    """The answer of DAHITI for target 39, written by hand."""
    data = [
        {"datetime": f"{time:%Y-%m-%d %H:%M:%S}", "wse": height, "wse_u": 0.001}
        for time, height in zip(epochs, level, strict=True)
    ]
    target = {"dahiti_id": 39, "target_name": "Caspian Sea", "points": len(data)}
    return json.dumps({"code": 200, "target": target, "data": data}).encode()


def publish(bench: Bench, level: list[float], epochs: list[datetime] = EPOCHS) -> Any:
    bench.put("dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json", answer(level, epochs))
    return bench.collect(DAHITI)


def flags(bench: Bench, as_of: datetime | None = None) -> list[int]:
    with bench.platform.catalog.read() as connection:
        (series,) = find_series(connection, dataset_id=DAHITI)
        return read_series(connection, series.id, as_of=as_of)["qc_flag"].tolist()


def annual_mean(bench: Bench) -> float:
    """The annual mean of 2001 after computing what changed."""
    compute(bench.platform, only={"sl_mean_1y_dahiti"})
    ((value,),) = bench.ask(
        "SELECT value FROM v_indicator WHERE indicator_id = 'sl_mean_1y_dahiti'"
        " AND period_start = '2001-01-01 00:00:00+00'".replace("+00'", "'" if bench.platform.catalog.file else "+00'")
    )
    return float(value)


def mean_as_of(bench: Bench, as_of: datetime | None) -> float | None:
    """The annual mean of 2001 as `caspian-env indicator --as-of` reads it."""
    with bench.platform.catalog.read() as connection:
        rows = read_indicator(connection, "sl_mean_1y_dahiti", as_of=as_of)
    return {row.period_start.year: row.value for row in rows}[2001]


def test_each_test_leaves_its_digit(bench: Bench) -> None:
    outcome = publish(bench, heights({50: 0.8, 80: 30.0}))
    assert (outcome.first, outcome.problems) == (110, [])
    digits = [tests for (tests,) in bench.ask("SELECT qc_tests FROM v_observation ORDER BY time")]
    #        range, spike, rate, flat line, climatology, gate on the annual change
    assert digits[0] == "122221"  # nothing before it
    assert digits[10] == "111121"
    assert digits[50] == "133121"
    assert digits[80][:3] == "444"
    assert flags(bench)[50] == 3 and flags(bench)[80] == 4
    # 30 m in one epoch of 37 lifts the mean of 2002 by 0.8 m: the whole year waits for somebody to look
    assert {text[-1] for text in digits[73:]} == {"4"} and {text[-1] for text in digits[:73]} == {"1"}


def test_the_same_file_again_changes_nothing(bench: Bench) -> None:
    publish(bench, heights({50: 0.8}))
    before = bench.ask("SELECT * FROM observation ORDER BY time")
    again = bench.collect(DAHITI)
    assert (again.unchanged, again.written) == (1, 0)
    revised = publish(bench, [*heights({50: 0.8}), -27.7], [*EPOCHS, EPOCHS[-1] + timedelta(days=10)])
    assert (revised.first, revised.revised) == (1, 0), "the value that was the newest keeps its flags"
    assert bench.ask("SELECT * FROM observation WHERE known_to IS NOT NULL") == []
    assert bench.ask("SELECT * FROM observation ORDER BY time")[:110] == before


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda level: level.__setitem__(slice(40, 50), [-27.3 - 0.01 * n for n in range(10)]), "one exact line"),
        (lambda level: level.__setitem__(slice(40, 48), [-27.3] * 8), "are the same"),
        (lambda level: level.__setitem__(slice(73, 109), level[37:73]), "repeat those of 2001"),
    ],
)
def test_a_series_that_nobody_measured_is_set_aside_whole(
    bench: Bench, damage: Callable[[list[float]], None], reason: str
) -> None:
    publish(bench, heights())
    known = bench.ask("SELECT * FROM observation ORDER BY time")
    level = heights()
    damage(level)
    outcome = publish(bench, level)
    assert outcome.rejected == 1 and reason in outcome.problems[0]
    assert bench.ask("SELECT * FROM observation ORDER BY time") == known, "what was known stays known"
    ((sha256, why),) = bench.ask("SELECT sha256, reason FROM granule WHERE state = 'rejected'")
    assert reason in why
    assert answer(level) == (bench.platform.archive.verify(sha256)).read_bytes(), "the bytes are kept"


def test_an_impossible_year_is_kept_visible_and_out_of_every_indicator(bench: Bench) -> None:
    publish(bench, heights())
    sound = annual_mean(bench)
    outcome = publish(bench, heights(dict.fromkeys(range(73, 110), 1.0)))  # 2002 stands one metre higher
    assert outcome.rejected == 0
    assert annual_mean(bench) == sound
    quarantined = bench.ask("SELECT count(*), min(time), min(value) FROM v_observation WHERE qc_flag = 4")
    assert quarantined[0][0] == 37 and str(quarantined[0][1])[:4] == "2002"
    years = bench.ask("SELECT period_start FROM v_indicator WHERE indicator_id = 'sl_mean_1y_dahiti'")
    assert not any(str(start).startswith("2002") for (start,) in years)


def test_a_flag_set_by_hand_moves_the_indicator_and_the_past_can_still_be_asked(bench: Bench) -> None:
    publish(bench, heights())
    sound = annual_mean(bench)
    before = bench.now
    changed = override(bench.platform, Address(DAHITI, EPOCHS[50]), 4, **BY_HAND)
    assert (changed.old_flag, changed.new_flag, changed.qc_tests) == (1, 4, "111121")
    moved = annual_mean(bench)
    assert moved != sound
    assert flags(bench)[50] == 4 and flags(bench, before)[50] == 1
    assert (mean_as_of(bench, before), mean_as_of(bench, None)) == (sound, moved)
    assert bench.ask("SELECT qc_set_by, qc_reason FROM v_observation WHERE qc_set_by IS NOT NULL") == [
        ("A. Ali", "oil film on the water")
    ]
    # a new edition with a revised value: still held back; cleared: the tests decide again
    publish(bench, heights({50: 0.01}))
    assert flags(bench)[50] == 4 and annual_mean(bench) == moved
    assert clear(bench.platform, Address(DAHITI, EPOCHS[50]), by="B. Bek", reason="no film").new_flag == 1
    publish(bench, heights())
    assert annual_mean(bench) == sound
    assert [(w, s) for w, s in bench.ask("SELECT workflow, status FROM run WHERE workflow = 'qc'")] == [
        ("qc", "ok")
    ] * 2


def test_a_quarantined_value_can_be_let_through(bench: Bench) -> None:
    publish(bench, heights({50: 1.2}))
    held_back = annual_mean(bench)
    assert flags(bench)[50] == 4
    override(bench.platform, Address(DAHITI, EPOCHS[50]), 3, **BY_HAND)
    assert annual_mean(bench) > held_back


def test_an_override_needs_name_reason_and_one_value(bench: Bench) -> None:
    publish(bench, heights())
    where = Address(DAHITI, EPOCHS[0])
    for unsigned in ({"by": " ", "reason": "x"}, {"by": "x", "reason": ""}):
        with pytest.raises(SettingsError, match="name and a reason"):
            override(bench.platform, where, 4, **unsigned)
    with pytest.raises(CatalogError, match="no such series"):
        override(bench.platform, replace(where, datum="BS77"), 4, **BY_HAND)
    with pytest.raises(CatalogError, match="no value at this time"):
        override(bench.platform, replace(where, time=EPOCHS[0] + timedelta(hours=1)), 4, **BY_HAND)
    with pytest.raises(CatalogError, match="nobody has set"):
        clear(bench.platform, where, **BY_HAND)
    assert bench.ask("SELECT * FROM qc_override") == []


def test_datasets_that_should_agree_are_compared(bench: Bench) -> None:
    epochs = [time.replace(year=time.year + 20) for time in EPOCHS[:36]]  # 2020, of which a level is printed
    publish(bench, [level - 0.6 for level in heights()[:36]], epochs)
    bench.collect("reported_levels")
    (found,) = agreements(bench.platform)
    assert (found.dataset, found.against, found.year) == (DAHITI, "reported_levels", 2020)
    assert found.difference == pytest.approx(0.5, abs=0.1) and found.holds
    publish(bench, heights()[:36], epochs)
    assert not agreements(bench.platform)[0].holds


# ── the command line ─────────────────────────────────────────────────────────────────────────────────────────────────


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out + said.err


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    home, mirror = tmp_path / "home", tmp_path / "mirror"
    with bench_at(f"sqlite:///{home / 'caspian.db'}", home, mirror) as bench:
        publish(bench, heights())
    where = ("--home", str(home))
    when = f"{EPOCHS[50]:%Y-%m-%dT%H:%M:%S}"
    signed = ("--by", "A. Ali", "--reason", "oil film")
    assert run(capsys, "qc", "list", *where) == (0, "no flag is set by hand\n")
    code, said = run(capsys, "qc", "set", DAHITI, when, "4", *signed, *where)
    assert code == 0 and "flag 1 -> 4 (tests 111121)" in said and "caspian-env compute" in said
    code, said = run(capsys, "qc", "list", "--json", *where)
    (row,) = json.loads(said)
    assert (row["set_by"], row["reason"], row["qc_flag"]) == ("A. Ali", "oil film", 4)
    code, said = run(capsys, "qc", "list", *where)
    assert code == 0 and "oil film" in re.sub(r"\s+", " ", said)
    code, said = run(capsys, "qc", "clear", DAHITI, when, "--region", "caspian_sea", *signed, *where)
    assert code == 0 and "flag 4 -> 1" in said
    assert run(capsys, "qc", "set", DAHITI, when, "7", *signed, *where)[0] == 2
    assert run(capsys, "qc", "set", DAHITI, when, "4", "--by", "A. Ali", *where)[0] == 2
    assert run(capsys, "qc", "set", DAHITI, when, "4", "--by", "", "--reason", "x", *where)[0] == 2
    assert run(capsys, "qc", "set", DAHITI, "2001-01-01", "4", *signed, *where)[0] == 1
    code, said = run(capsys, "qc", "check", *where)
    assert code == 0 and "no year" in said

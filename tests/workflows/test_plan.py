"""A plan says what a run would do, does none of it, and a run then does that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.demo import DATASETS
from caspian_env.errors import SettingsError
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.plan import Step, plan
from caspian_env.workflows.run import collect
from tests.workflows.synthetic_co2 import DATASET, co2_table, collect_edition, opened, publish
from tests.workflows.synthetic_grids import NEW, OISST, SETTLED, TURNING, collected, days, platform_at

NOW = datetime(1994, 1, 20, tzinfo=UTC)


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with opened(database_url, tmp_path, clock=lambda: NOW) as made:
        yield made


def steps(platform: Platform, **options: object) -> dict[tuple[str, str], Step]:
    return {(step.stage, step.subject): step for step in plan(platform, **options)}


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_without_a_catalog_everything_is_new_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'caspian.db'}", datasets=DATASETS)
    with open_platform(settings, clock=lambda: datetime(2026, 8, 5, tzinfo=UTC)) as platform:
        found = steps(platform)
    assert found["schema", platform.catalog.name].why == "there is no catalog yet"
    assert found["collect", OISST].action == "ask for 2026-07-07/2026-08-06"
    assert found["collect", OISST].why == "never collected"
    assert found["collect", "dahiti_water_level"].action == "skip"
    assert "register free of charge" in found["collect", "dahiti_water_level"].why
    assert not home.exists()


def test_nothing_is_written_and_nobody_is_asked(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect_edition(platform, co2_table(48))
    platform.catalog.dispose()
    before = everything(tmp_path)
    monkeypatch.setattr(platform.transport, "get", None)
    monkeypatch.setattr(platform.transport, "bound", None)
    plan(platform)
    platform.catalog.dispose()
    assert everything(tmp_path) == before


def test_why_a_dataset_is_asked_for(platform: Platform) -> None:
    collect_edition(platform, co2_table(48))
    why = "newest value of 1993-12-01, the next is due by 1994-02-11; "
    why += "24 preliminary values to be finalised (1993-01-01 to 1993-12-01)"
    assert steps(platform)["collect", DATASET].why == why
    late = replace(platform, clock=lambda: datetime(1994, 2, 12, tzinfo=UTC))
    assert steps(late)["collect", DATASET].why.startswith("due: was not asked since, its last answer is of 1994-01-20")
    assert steps(platform)["collect", "nasa_gistemp"].why == "never collected"


def test_preliminary_values_and_the_look_back_are_reasons(database_url: str, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED, TURNING])
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror") as platform:
        collected(platform, OISST)
        step = steps(platform)["collect", OISST]
        assert "preliminary values to be finalised (2025-12-31)" in step.why
        assert step.why.endswith("look-back of 30 days for late corrections")
        direct = replace(platform, settings=replace(platform.settings, mirror=None))
        window = steps(direct)["collect", OISST].window
    assert window is not None
    assert window.start == datetime(2025, 12, 31, tzinfo=UTC)  # before the look-back, because it is preliminary


def test_a_listing_tells_what_is_new(database_url: str, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED])
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror") as platform:
        collected(platform, OISST)
        days(tmp_path / "mirror", 2, [TURNING, NEW])
        found = steps(platform, listing=True, only=[OISST])
        assert found["collect", OISST].action == "fetch 2 granules that are new, ask of 1 whether they changed"
        outcome = collected(platform, OISST)
    assert (outcome.fetched, outcome.unchanged) == (2, 1)


def test_a_listing_that_fails_is_told(platform: Platform) -> None:
    empty = steps(platform, listing=True, only=[OISST])["collect", OISST]
    assert "nothing could be listed" in empty.action or "fetch 0 granules" in empty.action


def test_cubes_that_are_behind_are_named(database_url: str, tmp_path: Path) -> None:
    days(tmp_path / "mirror", 1, [SETTLED])
    with platform_at(tmp_path / "home", database_url, tmp_path / "mirror") as platform:
        assert ("cube", OISST) not in steps(platform)
        collected(platform, OISST)
        assert steps(platform)["cube", OISST].action == "build 2024"
        build_cubes(platform)
        assert ("cube", OISST) not in steps(platform)
        days(tmp_path / "mirror", 1, [TURNING])
        collected(platform, OISST)
        assert steps(platform)["cube", OISST].action == "build 2025"
        build_cubes(platform)
        for part in (tmp_path / "home" / "cubes").rglob("*.nc"):
            part.unlink()
        gone = steps(platform)["cube", OISST]
    assert (gone.action, gone.why) == ("build 2024, 2025 again", "their files are missing or cut")


def test_indicators_that_do_not_follow_from_what_is_known_are_named(platform: Platform) -> None:
    assert steps(platform)["compute", "co2_mean_1y"].action == "wait at mauna_loa"
    publish(Path(str(platform.settings.mirror)), co2_table(48))
    collect(platform, only=[DATASET])
    found = steps(platform)["compute", "co2_mean_1y"]
    assert (found.action, found.why) == ("compute at mauna_loa", "never computed")
    collect_edition(platform, co2_table(48, {40: 0.2}))
    left = steps(platform)
    assert ("compute", "co2_mean_1y") not in left
    assert left["compute", "indicators"].action == "leave 2 as they are"
    publish(Path(str(platform.settings.mirror)), co2_table(48))
    collect(platform, only=[DATASET])
    assert steps(platform)["compute", "co2_mean_1y"].why == "its inputs changed, or a month passed"
    other = dict(platform.seeds.indicators)
    other["co2_mean_1y"] = replace(other["co2_mean_1y"], method_version="9")
    changed = replace(platform, seeds=replace(platform.seeds, indicators=other))
    assert steps(changed)["compute", "co2_mean_1y"].why == "its method changed"


def test_only_and_window_are_those_of_run(platform: Platform) -> None:
    from caspian_env.model import Window

    window = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(1991, 1, 1, tzinfo=UTC))
    found = steps(platform, only=[OISST], window=window)
    assert [subject for stage, subject in found if stage == "collect"] == [OISST]
    assert found["collect", OISST].action == "ask for 1990-01-01/1991-01-01"
    with pytest.raises(SettingsError, match="nonsense"):
        plan(platform, only=["nonsense"])

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from caspian_env.errors import CatalogError, SettingsError
from caspian_env.model import Window
from caspian_env.wiring import Platform
from caspian_env.workflows.arguments import Argument
from caspian_env.workflows.compute import compute
from caspian_env.workflows.evaluate import evaluate
from caspian_env.workflows.explain import Explanation, explain, parse_target
from caspian_env.workflows.prov import prov_document
from caspian_env.workflows.quality import Address, override
from caspian_env.workflows.verify import verify

from .synthetic_co2 import DATASET, URL, co2_table, collect_edition, month_of, opened

FIRST = datetime(2001, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
EDITIONS = (co2_table(36), co2_table(36, {17: 0.3}))
SHAS = tuple(hashlib.sha256(text.encode()).hexdigest() for text in EDITIONS)


def year(number: int) -> Window:
    return Window(datetime(number, 1, 1, tzinfo=UTC), datetime(number + 1, 1, 1, tzinfo=UTC))


def two_editions(url: str, folder: Path) -> Iterator[Platform]:
    """The second moves June 1991."""
    with opened(url, folder) as platform:
        for number, text in enumerate(EDITIONS):
            collect_edition(platform, text, FIRST + number * DAY)
        yield platform


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    yield from two_editions(database_url, tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Platform]:
    """The same on SQLite alone, for what no database has a part in."""
    yield from two_editions(f"sqlite:///{tmp_path / 'caspian.db'}", tmp_path)


def shas(explained: Explanation) -> list[str]:
    return [origin.sha256 for origin in explained.origins()]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("x@2022", "2022-01-01", "2023-01-01"),
        ("x@2022-07", "2022-07-01", "2022-08-01"),
        ("x@2022-12", "2022-12-01", "2023-01-01"),
        ("x@2013-01-01/2023-01-01", "2013-01-01", "2023-01-01"),
    ],
)
def test_a_period_is_a_year_a_month_or_an_interval(text: str, start: str, end: str) -> None:
    assert parse_target(text) == ("x", Window(*(datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (start, end))))


@pytest.mark.parametrize("text", ["x", "x@", "@2022", "x@20", "x@2022-13", "x@0000", "x@2022/2021", "x@2022-7"])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_target(text)


def test_a_value_leads_to_method_run_observations_and_bytes(platform: Platform) -> None:
    explained = explain(platform, "co2_mean_1y", year(1991))
    assert explained.fields["kind"] == "revised"
    assert explained.method is not None
    assert explained.method["parameters"] == {"published_uncertainty": 0.12, "ci_level": 0.9}
    assert explained.run["workflow"] == "compute"
    (one,) = explained.inputs
    assert [o.time for o in one.observations] == [month_of(12 + n) for n in range(12)]
    assert {o.time.month: o.origin.sha256 for o in one.observations}[6] == SHAS[1]
    assert list(one.origins().items()) == [(one.observations[0].origin, 11), (one.observations[5].origin, 1)]
    second = one.observations[5].origin
    assert (second.url, second.known_at, second.size) == (URL, FIRST + DAY, len(EDITIONS[1]))
    assert second.run_id > one.observations[0].origin.run_id


def test_as_of_reaches_the_edition_of_that_time(platform: Platform) -> None:
    old, new = (explain(platform, "co2_mean_1y", year(1991), as_of=FIRST + n * DAY) for n in (0, 1))
    assert (shas(old), shas(new)) == ([SHAS[0]], list(SHAS))
    assert new.fields["value"] - old.fields["value"] == pytest.approx(0.3 / 12)
    assert shas(explain(platform, "co2_mean_1y", year(1990))) == [SHAS[0]]


def test_the_observations_listed_give_the_value_again(local: Platform) -> None:
    for indicator_id in ("co2_mean_1y", "co2_growth_1y"):
        explained = explain(local, indicator_id, year(1991))
        arguments = []
        for one in explained.inputs:
            index = pd.DatetimeIndex([o.time.replace(tzinfo=None) for o in one.observations])
            names = ("value", "std_uncertainty", "qc_flag", "status")
            frame = pd.DataFrame({n: [getattr(o, n) for o in one.observations] for n in names}, index=index)
            arguments.append(
                Argument(
                    one.argument,
                    one.series_id,
                    lambda frame=frame: frame,
                    one.unit,
                    one.resolution,
                    one.datum_id,
                    "",
                    one.known_at,
                )
            )
        results = evaluate(local.seeds.indicators[indicator_id], arguments, explained.fields["known_from"])
        (again,) = (row for row in results if row.period_start == explained.fields["period_start"])
        assert again.fields["value"] == explained.fields["value"]
        assert again.fields["std_uncertainty"] == explained.fields["std_uncertainty"]


def test_a_refusal_is_explained_and_verified_too(platform: Platform) -> None:
    collect_edition(platform, co2_table(41, {17: 0.3}), FIRST + 2 * DAY)
    explained = explain(platform, "co2_mean_1y", year(1993))
    assert explained.fields["reason"] == "5 of 12 months"
    assert len(explained.inputs[0].observations) == 5
    verdict = verify(platform, explained)
    assert (verdict.verified, verdict.value, verdict.n_observations) == (True, None, 5)


def test_every_vintage_is_made_again_exactly_from_the_bytes(platform: Platform) -> None:
    for as_of in (FIRST, FIRST + DAY):
        for indicator_id in ("co2_mean_1y", "co2_growth_1y"):
            for number in (1990, 1991, 1992):
                explained = explain(platform, indicator_id, year(number), as_of=as_of)
                verdict = verify(platform, explained)
                assert verdict.verified, verdict.differences
                assert verdict.value == explained.fields["value"]


def test_bytes_that_are_gone_or_changed_are_named(local: Platform) -> None:
    explained = explain(local, "co2_mean_1y", year(1991))
    path = local.archive.open(SHAS[1])
    path.chmod(0o644)
    path.write_text(EDITIONS[1].replace("1991,6", "1991,7"), encoding="utf-8")
    assert "the bytes have changed" in verify(local, explained).differences[0]
    path.unlink()
    verdict = verify(local, explained)
    assert not verdict.verified
    assert "does not hold them" in verdict.differences[0]
    assert verify(local, explain(local, "co2_mean_1y", year(1990))).verified  # rests on the other granule


def test_a_stored_value_that_the_bytes_do_not_give_is_found_with_its_difference(local: Platform) -> None:
    explained = explain(local, "co2_mean_1y", year(1990))
    forged = replace(explained, fields=dict(explained.fields) | {"value": explained.fields["value"] + 0.25})
    assert verify(local, forged).differences == (
        f"value: stored {forged.fields['value']!r}, made again {explained.fields['value']!r}, differs by -0.25",
    )
    one = explained.inputs[0]
    swapped = replace(one, observations=(replace(one.observations[0], value=1.0), *one.observations[1:]))
    assert (
        "the catalog has 1.0, the bytes give 350.0"
        in verify(local, replace(explained, inputs=(swapped,))).differences[0]
    )
    elsewhere = replace(one.observations[0], time=datetime(1980, 1, 1, tzinfo=UTC))
    missing = replace(one, observations=(elsewhere, *one.observations[1:]))
    assert "has no value for 1980-01-01" in verify(local, replace(explained, inputs=(missing,))).differences[0]


def test_old_parameters_are_used_for_an_old_vintage_and_a_lost_method_is_admitted(platform: Platform) -> None:
    definition = platform.seeds.indicators["co2_mean_1y"]
    for changes in (
        {"parameters": dict(definition.parameters) | {"published_uncertainty": 0.5}},
        {"method_version": "2"},
    ):
        definition = replace(definition, **changes)
        indicators = dict(platform.seeds.indicators) | {definition.id: definition}
        platform = replace(platform, seeds=replace(platform.seeds, indicators=indicators))
        compute(platform, only={definition.id}, known_at=FIRST + (5 + len(changes)) * DAY)
        if definition.method_version == "1":
            old = explain(platform, definition.id, year(1990), as_of=FIRST)
            assert old.method is not None
            assert old.method["parameters"]["published_uncertainty"] == 0.12
            assert verify(platform, old).verified
    lost = verify(platform, explain(platform, definition.id, year(1990), as_of=FIRST))
    assert lost.differences == (
        "it was made by carbon_dioxide.annual_mean version 1, this installation has carbon_dioxide.annual_mean version 2",
    )
    assert verify(platform, explain(platform, definition.id, year(1990))).verified


def test_a_flag_set_by_a_person_is_part_of_the_lineage(platform: Platform) -> None:
    address = Address(DATASET, month_of(3), "mole_fraction_of_carbon_dioxide_in_air")
    override(platform, address, 4, by="A. Person", reason="instrument moved")
    compute(platform, only={"co2_mean_1y"})
    explained = explain(platform, "co2_mean_1y", year(1990))
    assert explained.fields["reason"] == "11 of 12 months"
    (flagged,) = (o for o in explained.inputs[0].observations if o.override)
    assert (flagged.time, flagged.excluded, flagged.override) == (month_of(3), True, "A. Person: instrument moved")
    assert flagged.origin.sha256 == SHAS[0]
    assert verify(platform, explained).verified
    before = explain(platform, "co2_mean_1y", year(1990), as_of=FIRST + DAY)
    assert not any(o.override for o in before.inputs[0].observations)
    assert verify(platform, before).verified


def test_bytes_that_came_back_are_traced_to_the_answer_that_brought_them_back(platform: Platform) -> None:
    collect_edition(platform, EDITIONS[0], FIRST + 2 * DAY)
    june = explain(platform, "co2_mean_1y", year(1991)).inputs[0].observations[5]
    assert (june.origin.sha256, june.origin.known_at, june.known_from) == (SHAS[0], FIRST + 2 * DAY, FIRST + 2 * DAY)
    may = explain(platform, "co2_mean_1y", year(1991)).inputs[0].observations[4]
    assert (may.origin.sha256, may.origin.known_at) == (SHAS[0], FIRST)


def test_what_is_not_known_is_said_with_what_is(platform: Platform) -> None:
    with pytest.raises(SettingsError, match="is not an indicator"):
        explain(platform, "nothing", year(1990))
    with pytest.raises(SettingsError, match=r"no such location.*mauna_loa"):
        explain(platform, "co2_mean_1y", year(1990), location="caspian_sea")
    with pytest.raises(CatalogError, match="its periods are 1990-01-01/1991-01-01 to 1992-01-01/1993-01-01"):
        explain(platform, "co2_mean_1y", year(2030))
    with pytest.raises(CatalogError, match=r"not known as of 2000-12-31 00:00 UTC .known since 2001-01-01 00:00 UTC"):
        explain(platform, "co2_mean_1y", year(1990), as_of=FIRST - DAY)
    with pytest.raises(CatalogError, match="has no value yet"):
        explain(platform, "sst_mean_1y_ersst", year(1990))


def test_json_is_complete(local: Platform) -> None:
    said = json.loads(json.dumps(explain(local, "co2_mean_1y", year(1991)).as_dict(), default=str))
    (one,) = said["inputs"]
    assert len(one["observations"]) == 12
    assert {line["granule_sha256"] for line in one["observations"]} == set(SHAS)
    assert [(g["sha256"], g["url"], g["n_observations"]) for g in one["granules"]] == [
        (SHAS[0], URL, 11),
        (SHAS[1], URL, 1),
    ]
    assert all(g["retrieved_at"] and g["run_id"] and g["code_version"] for g in one["granules"])
    assert one["windows"] == [{"start": "1991-01-01 00:00:00+00:00", "end": "1992-01-01 00:00:00+00:00"}]
    assert said["run"]["code_version"]
    assert said["method"]["function"] == "carbon_dioxide.annual_mean"


def test_prov_is_read_by_the_reference_library(local: Platform) -> None:
    model = pytest.importorskip("prov.model", reason="prov is not installed")
    explained = explain(local, "co2_mean_1y", year(1991))
    text = json.dumps(prov_document(local, explained))
    document = model.ProvDocument.deserialize(content=text, format="json")
    kinds = [type(record).__name__ for record in document.get_records()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {
        "ProvEntity": 4, "ProvActivity": 3, "ProvAgent": 2, "ProvGeneration": 3, "ProvUsage": 1, "ProvDerivation": 3,
        "ProvAssociation": 3, "ProvAttribution": 2,
    }  # fmt: skip
    known = {str(record.identifier) for record in document.get_records() if record.is_element()}
    ends = {
        str(end) for record in document.get_records() if record.is_relation() for end in record.args if end is not None
    }
    assert ends <= known
    assert {f"caspian:granule-{sha}" for sha in SHAS} <= known
    assert "prov:SoftwareAgent" in text

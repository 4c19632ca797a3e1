"""A catalog of real files with datasets that may not be passed on, for the tests of every way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from caspian_env.catalog.query import ask
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.reported import import_reported
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from tests.workflows.conftest import compose

DATASETS = ("edgar_ghg", "irena_renewables", "nd_gain", "owid_total_ghg")
ONLY = {
    "ghg_total_1y_edgar", "ghg_total_1y_owid", "ghg_change_1y_edgar", "ndc_gap_1y_rus_2060_edgar",
    "ndc_gap_1y_rus_2030_edgar", "ndc_gap_1y_rus_2030_owid", "ndc_progress_1y_rus_2030_edgar",
    "ndc_required_cut_1y_rus_2030_edgar", "ghg_rate_10y_edgar", "re_capacity_share_1y_irena", "nd_gain_score_1y",
}  # fmt: skip
# Invented: one number that may be passed on and one that may not.
SECRET = 1234.5678
SIGNED = f"""# signed_by: A. Reviewer
# signed_on: 2026-02-01
quantity,location,period,value,unit,reported_by,reported_on,source,licence,redistributable,note
corridor_volume,KAZ,2023,2.76,Mt,Operator,2024-02-29,daryo 2024-02-29,press,yes,
disaster_affected,KAZ,2023,{SECRET},1,A register,2024-02-29,EM-DAT,registration,no,
"""
# The gap to a target of zero is the emissions themselves; to another one, it gives them together with a printed change.
KEPT_BACK = {
    "ghg_total_1y_edgar", "ndc_gap_1y_rus_2060_edgar", "ndc_gap_1y_rus_2030_edgar", "re_capacity_share_1y_irena",
    "nd_gain_score_1y",
}  # fmt: skip


@contextmanager
def exported(shared: Callable[..., Path], home: Path) -> Iterator[Platform]:
    """The archive's files of August 2026, the indicators of ``ONLY`` and the signed numbers."""
    mirror = compose(shared, "2026-08", home / "mirror")
    url = f"sqlite:///{home / 'caspian.db'}"
    with open_platform(
        Settings(home=home / "home", database_url=url, mirror=str(mirror), datasets=DATASETS)
    ) as platform:
        seed(platform)
        collect(platform)
        compute(platform, only=ONLY)
        (home / "reported.csv").write_text(SIGNED, encoding="utf-8")
        import_reported(platform, home / "reported.csv")
        yield platform


def numbers_kept_back(platform: Platform) -> set[str]:
    """The numbers of indicators that repeat rows which may not be passed on."""
    statement = "SELECT value FROM v_indicator WHERE indicator_id = :id AND value <> round(value) AND abs(value) > 20"
    kept = [
        repr(row[0]) for name in KEPT_BACK for row in ask(platform.catalog, statement, {"id": name}, limit=None).rows
    ]
    secret = {number for number in kept if len(number) > 6}  # shorter ones stand on a page by chance
    assert len(secret) > 200
    return secret

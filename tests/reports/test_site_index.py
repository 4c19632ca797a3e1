"""The first page of the site: numbers with their intervals, and indicators of one title told apart."""

from __future__ import annotations

import re

from caspian_env.reports.site_index import index
from tests.reports.synthetic_bulletin import bulletin, value


def page(*named: tuple[str, str]) -> str:
    reports = [
        bulletin(id=f"indicator-{name}", title=title, values=(value(name, title=title),), refusals=(), sections=())
        for name, title in named
    ]
    return index(reports, synthetic=True).decode().split("</style>")[1]


def test_every_number_of_the_index_has_its_interval_below():
    assert re.search(
        r'−28\.71 m</span><span class="sub">−28\.\d\d to −28\.\d\d</span>', page(("sl_mean_1y", "Mean level"))
    )


def test_indicators_of_one_title_are_told_apart_by_their_ids_and_others_stand_alone():
    found = page(("mhw_days_a", "Days"), ("mhw_days_b", "Days"), ("mhw_count_a", "Events"))
    assert re.findall(r'<span class="sub mono">(\w+)</span>', found) == ["mhw_days_a", "mhw_days_b"]

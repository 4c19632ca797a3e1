from __future__ import annotations

import math

import pytest

from caspian_env.errors import CatalogError
from tests.reports.synthetic_bulletin import altimetry, bulletin, value


@pytest.mark.parametrize(
    "changes",
    [{"value": math.nan}, {"value": math.inf}, {"unit": ""}, {"licence": ""}, {"granules": ()}, {"headline": "x"}],
)
def test_a_value_that_cannot_be_published_is_refused(changes):
    with pytest.raises(CatalogError):
        value(**changes)


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(CatalogError, match="differ in length"):
        altimetry(status=("final",))
    with pytest.raises(CatalogError, match="one per value"):
        altimetry(granule_sha256=("a",))


def test_times_must_ascend():
    with pytest.raises(CatalogError, match="do not ascend"):
        altimetry(times=tuple(reversed(altimetry().times)))


def test_a_number_without_a_source_is_refused():
    with pytest.raises(CatalogError, match="noaa_gml_co2"):
        bulletin(sources=bulletin().sources[:-1])

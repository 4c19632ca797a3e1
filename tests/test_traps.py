"""The data traps that real files have set, one by one: each has its test, and the test is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# The numbers are those of the list of traps in the project's agenda.
TRAPS = {
    1: ("zeros that mean not published", [
        "sources/test_energy.py::test_a_year_of_zeros_everywhere_is_missing_and_a_zero_alone_is_a_value",
        "workflows/test_commitments.py::test_zeros_that_mean_not_published_are_no_values"]),
    2: ("shifted header, a header alone, flags of missing values, a blank line", [
        "sources/test_damaged_editions.py::test_a_shifted_header_and_a_bare_one_leave_the_record_as_it_was",
        "sources/test_damaged_editions.py::test_a_blank_line_after_the_header_and_the_fills_of_noaa_are_no_values"]),
    3: ("stale copy", [
        "sources/test_noaa_gml_global.py::test_methane_collected_and_a_stale_copy_put_off",
        "workflows/test_freshness.py::test_a_host_that_answers_without_new_data_is_named_so",
        "workflows/test_freshness.py::test_the_newest_open_observation_counts_and_not_the_last_run"]),
    4: ("host move", [
        "sources/test_owid_co2.py::test_every_host_may_have_an_edition",
        "workflows/test_editions.py::test_the_newest_of_several_hosts_wins_and_not_the_first_that_answers"]),
    5: ("direction of a target", [
        "test_targets.py::test_russia_is_allowed_seventy_percent_and_cuts_thirty"]),
    6: ("vintage break", [
        "sources/test_owid_co2.py::test_a_revision_by_another_source_is_seen_in_real_files",
        "workflows/test_commitments.py::test_one_ratio_is_of_one_edition"]),
    7: ("revision", [
        "sources/test_damaged_editions.py::test_revisions_of_a_half_are_kept_beside_what_was_known",
        "workflows/test_commitments.py::test_the_world_bank_raised_turkmenistan_and_both_editions_are_kept"]),
    8: ("a page, a pointer, a broken transfer, an error with status 200", [
        "sources/test_wrong_bytes.py::test_every_source_refuses_it",
        "sources/test_energy.py::test_the_real_traps_of_the_bank"]),
    9: ("unit break", [
        "processing/test_edition_scale.py::test_another_unit_is_told",
        "sources/test_damaged_editions.py::test_an_edition_in_another_unit_is_refused"]),
    10: ("scale lost", [
        "sources/test_owid_co2.py::test_the_full_file_of_august_2020_lost_its_scale"]),
    11: ("another layout under one address", [
        "sources/test_climate_watch.py::test_the_layout_says_which_potentials_are_meant",
        "sources/test_owid_co2.py::test_states_and_the_world_are_read_and_empty_is_missing",
        "sources/test_ndc_registry.py::test_the_layout_of_2017_is_refused"]),
    12: ("shifted years", [
        "sources/test_damaged_editions.py::test_a_table_whose_years_are_shifted_is_no_edition"]),
    13: ("damage by a spreadsheet", [
        "sources/test_owid_co2.py::test_damaged_copies_are_refused",
        "sources/test_nasa_gistemp.py::test_damaged_copies_are_refused"]),
    14: ("few years and dashes of UNFCCC", [
        "sources/test_unfccc_ghg.py::test_the_table_of_annex_one_has_a_dash_for_a_missing_year_and_its_day",
        "sources/test_unfccc_ghg.py::test_a_real_profile_has_the_years_that_were_reported_and_no_others"]),
    15: ("aggregates, label and licence of EDGAR", [
        "sources/test_edgar_ghg.py::test_the_real_booklet_against_pandas",
        "workflows/test_exchange.py::test_nothing_under_a_forbidding_licence_leaves"]),
    16: ("pages, nulls and names of the World Bank", [
        "sources/test_energy.py::test_what_is_no_answer_of_the_bank",
        "sources/test_energy.py::test_a_missing_value_of_the_bank_stays_missing"]),
    17: ("the table of GISTEMP, its running year and its revisions", [
        "sources/test_nasa_gistemp.py::test_real_editions",
        "indicators/test_global_temperature.py::test_a_running_year_is_no_year_and_units_are_checked"]),
}  # fmt: skip


def test_the_list_is_whole() -> None:
    assert list(TRAPS) == list(range(1, 18))


@pytest.mark.parametrize("name", [name for _, names in TRAPS.values() for name in names])
def test_each_trap_has_its_test(name: str) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}

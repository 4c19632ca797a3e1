"""Tables on a terminal: no number is broken, nothing is lost, and no line is longer than the terminal is wide."""

from __future__ import annotations

import pytest

from caspian_env.cli.fitting import Fitted, as_pairs, broken, drawn, fit, is_squeezed

HEADS = ("location_id", "period_start", "period_end", "value", "unit", "std_uncertainty", "ci_low", "ci_high", "reason")
RIGHT = [head in ("value", "std_uncertainty", "ci_low", "ci_high") for head in HEADS]
ROWS = [
    ("caspian_sea", "2024-01-01", "2025-01-01", "-28.6315", "m", "0.03", "-28.6808", "-28.5821", ""),
    ("caspian_sea", "2025-01-01", "2026-01-01", "-28.8274", "m", "0.03", "-28.8768", "-28.7781", ""),
    ("caspian_sea", "2026-01-01", "2027-01-01", "", "m", "", "", "", "1 of 12 months"),
]


def _width(table: Fitted) -> int:
    columns = zip(table.headings, *table.rows, strict=True)
    return (
        sum(max(len(line) for cell in cells for line in cell.split("\n")) + table.gap for cells in columns) - table.gap
    )


@pytest.mark.parametrize("room", [60, 80, 100])
def test_a_table_of_values_fits_and_its_numbers_stay_whole(room: int) -> None:
    table = fit(HEADS, ROWS, RIGHT, room)
    assert _width(table) <= room
    assert table.said == "location_id caspian_sea, unit m"
    shown = [cell for row in table.rows for cell in row]
    assert {"-28.6315", "-28.6808", "-28.7781"} <= set(shown)
    assert room < 80 or "2025-01-01" in shown
    assert "".join(" ".join(shown[-1:]).split()) == "1of12months"


def test_what_fits_is_left_as_it_is() -> None:
    table = fit(HEADS, ROWS, RIGHT, 160)
    assert (table.said, table.headings, table.rows, table.gap) == ("", list(HEADS), [list(row) for row in ROWS], 2)


def test_one_long_id_does_not_squeeze_the_sentences_beside_it() -> None:
    rows = [
        ("owid_co2", "states nothing of emission_of_greenhouse_gases_unstated_gwp_without_lulucf now", "note"),
        *[
            (f"source_{n}", "not published", "mend what it names, then caspian-env run; or leave it out")
            for n in range(9)
        ],
    ]
    table = fit(("what", "finding", "remedy"), rows, [False] * 3, 80)
    assert _width(table) <= 80
    assert max(row[2].count("\n") for row in table.rows) <= 2


def test_without_a_terminal_each_row_is_one_line() -> None:
    lines = drawn(fit(HEADS, ROWS, RIGHT, None))
    assert lines[0].split() == list(HEADS)
    assert [line.split()[3:6] for line in lines[1:3]] == [["-28.6315", "m", "0.03"], ["-28.8274", "m", "0.03"]]
    assert lines[3].endswith("1 of 12 months")
    assert lines[1].index("-28.6808") == lines[2].index("-28.8768")
    assert drawn(fit(("", ""), [("a", "one\ntwo"), ("bb", "")], (False, False), None)) == ["a   one", "    two", "bb"]


def test_what_no_table_holds_is_shown_as_pairs() -> None:
    def squeezed(rows: list[tuple[str, ...]], room: int) -> bool:
        return is_squeezed(fit(HEADS, rows, RIGHT, room), HEADS, rows, room)

    assert not squeezed(ROWS, 80)
    assert squeezed(ROWS[:1], 80), "one row needs no table"
    assert not squeezed(ROWS[:1], 200)
    assert squeezed(ROWS, 40), "dates are broken"
    why = "1 of 12 months, and of those the newest is preliminary, so that nobody knows what the year will be when it is over"
    tower = [*ROWS[:2], (*ROWS[2][:-1], why)]
    assert squeezed(tower, 80)
    lines = as_pairs(HEADS, tower, 80)
    assert max(map(len, lines)) <= 80
    assert lines.count("") == 2
    assert "value            -28.6315" in lines
    assert why in " ".join(" ".join(lines).split())
    assert not is_squeezed(fit(("", ""), [("a", why)], (False, False), 40), ("", ""), [("a", why)], 40)


def test_one_row_says_all_of_its_columns() -> None:
    assert fit(HEADS, ROWS[:1], RIGHT, 60).said == ""


def test_cells_break_at_words_then_at_parts_of_ids_then_anywhere() -> None:
    assert broken("frozen since 2016", 12) == "frozen since\n2016"
    assert broken("2025-06-01/2025-07-01", 12) == "2025-06-01/\n2025-07-01"
    assert broken("noaa_viirs_chlorophyll", 11) == "noaa_viirs_\nchlorophyll"
    assert broken("abcdefgh", 3) == "abc\ndef\ngh"

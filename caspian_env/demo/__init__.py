"""A small mirror of synthetic provider files, to see the whole platform work without a network.

Each file has the layout of the provider it stands for, and none of the numbers was measured. There are two editions of
the same addresses: the second is what a month later would look like, with values revised, finalised, withdrawn and new.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import SettingsError

if TYPE_CHECKING:
    from types import ModuleType

    from caspian_env.demo.changes import Difference

EDITIONS = (1, 2)
DATASETS = (
    "nasa_gwm_lake", "dahiti_water_level", "reported_levels", "noaa_oisst_v2_1", "noaa_ersst_v5", "nasa_gistemp",
    "noaa_gml_co2",
)  # fmt: skip
NOTE = "SYNTHETIC.txt"


def write_mirror(folder: Path, edition: int, progress: Callable[[int, int], None] | None = None) -> list[Path]:
    """Make ``folder`` the mirror of this edition, with the same bytes every time; the files of the other one go.

    A file whose bytes are already there is left alone, so that its date tells when it last changed.

    Parameters
    ----------
    folder : Path
        Made where it is missing. Files that do not belong to the demonstration are not touched.
    edition : int
        1, or 2 for the providers' update.
    progress : callable, optional
        Told after each file how many of how many there are.

    Returns
    -------
    list of Path
        Every file of the edition, the explaining note last.

    Raises
    ------
    SettingsError
        When there is no such edition.
    """
    if edition not in EDITIONS:
        raise SettingsError("demo edition", f"there is no edition {edition}", "choose 1 or 2")
    makers = {address: make for member in _members() for address, make in member.files(edition).items()}
    makers[NOTE] = _note
    for number, (address, make) in enumerate(makers.items(), 1):
        _write(folder / address, make())
        if progress is not None:
            progress(number, len(makers))
    for other in EDITIONS:
        for member in _members() if other != edition else ():
            for address in member.files(other).keys() - makers.keys():
                (folder / address).unlink(missing_ok=True)
    return [folder / address for address in makers]


def differences() -> list[Difference]:
    """Every value that the second edition states otherwise than the first, by dataset, column and time."""
    found = [difference for member in _members() for difference in member.differences()]
    return sorted(found, key=lambda difference: (difference.dataset, difference.column, difference.time))


def _members() -> tuple[ModuleType, ...]:
    from caspian_env.demo import co2, dahiti, ersst, gistemp, gwm, oisst

    return gwm, dahiti, gistemp, co2, ersst, oisst


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _note() -> bytes:
    return b"""\
SYNTHETIC DEMONSTRATION DATA

Everything below this folder is invented. The files have the names and layouts of public providers (NASA, NOAA, DAHITI),
so that the platform can be tried without a network, but the numbers come from formulas: a level drawn through published
annual means, a made-up sea surface temperature, carbon dioxide and global temperature curves.

The files say so themselves wherever their format has room for it. The table of global temperature
(data.giss.nasa.gov) has none: it is synthetic all the same.

Do not quote a number, and do not pass a file on without this note.
"""

"""The catalogue of datasets: what each gives, how far it reaches here, and whether it is proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from caspian_env.catalog.checks import last_checks, passed_checks
from caspian_env.catalog.migrate import current_revision, newest_revision
from caspian_env.errors import not_among
from caspian_env.model import Dataset
from caspian_env.processing.promised_cells import WHERE
from caspian_env.wiring import Platform
from caspian_env.workflows.freshness import Freshness, freshness, standing
from caspian_env.workflows.keys import missing_key

THEMES = {
    "level": "Level of the sea",
    "sea_surface": "Sea surface",
    "atmosphere": "Atmosphere and water",
    "reanalysis": "Reanalyses and models made to order",
    "geometry": "Geometry",
    "context": "Climate and emissions of the world and the littoral states",
    "energy": "Energy, population and vulnerability of the littoral states",
    "local": "The institute's own data",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset of the seeds beside what the catalog knows of it; without a catalog only the former."""

    dataset: Dataset
    collected: bool
    freshness: Freshness | None
    proof: str
    checked: Mapping[str, Any] | None
    needs: str

    @property
    def accessed(self) -> date | None:
        """The day of the last answer."""
        answered = self.freshness.answered_at if self.freshness else None
        return answered.date() if answered else None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: the seed, the state here and the citations."""
        from caspian_env.reports.citations import bibtex, csl_json, plain  # of all reports, which a list has no use for

        return asdict(self.dataset) | {
            "grid_has_values": WHERE.get(self.dataset.gives),
            "collected": self.collected,
            "freshness": self.freshness.as_dict() if self.freshness else None,
            "proof": self.proof,
            "last_check": self.checked,
            "needs": self.needs,
            "citations": {
                "plain": plain(self.dataset, self.accessed),
                "bibtex": bibtex(self.dataset, self.accessed),
                "csl_json": csl_json(self.dataset, self.accessed),
            },
        }


def catalogue(platform: Platform, only: Sequence[str] = ()) -> list[Entry]:
    """Every dataset of the seeds in their order, or those named.

    Raises
    ------
    SettingsError
        When one that is named is no dataset.
    """
    known = platform.seeds.datasets
    if unknown := [name for name in only if name not in known]:
        raise not_among(unknown, "a dataset", known, "caspian-env datasets")
    here: dict[str, Freshness] = {}
    checks: dict[str, Any] = {}
    proven = {dataset.id for dataset in known.values() if dataset.proven_on == "real"}
    if _has_tables(platform):
        here = {one.dataset_id: one for one in freshness(platform)}
        with platform.catalog.read() as connection:
            checks = {name: dict(row._mapping) for name, row in last_checks(connection).items()}
            proven |= passed_checks(connection)
    collected = {dataset.id for dataset in platform.collected()}
    return [
        Entry(
            dataset=dataset,
            collected=dataset.id in collected,
            freshness=here.get(dataset.id),
            proof="proven" if dataset.id in proven else "unproven",
            checked=checks.get(dataset.id),
            needs=missing_key(platform, dataset),
        )
        for dataset in known.values()
        if not only or dataset.id in only
    ]


def sources_page(datasets: Iterable[Dataset], uncovered: Iterable[Mapping[str, str]] = ()) -> str:
    """``docs/sources.md``: a table for each theme, made from the seeds, and what is not covered and why."""
    found = list(datasets)
    themes = [*THEMES, *sorted({dataset.theme for dataset in found} - set(THEMES))]
    lines = [
        "# Sources", "",
        "Made from the seeds by `caspian-env datasets --markdown`; a test compares the two. *Tested on* says whether the",
        "reader of a dataset was tried on real bytes of its provider or on bytes that were encoded like them; the latter is",
        "`unproven` in the catalogue and in reports until `caspian-env datasets check ID` has passed.",
    ]  # fmt: skip
    heads = (
        "dataset",
        "provider",
        "gives here",
        "cannot give",
        "cadence",
        "delay, days",
        "key",
        "licence",
        "state",
        "tested on",
    )
    for theme in themes:
        rows = [_row(dataset) for dataset in found if dataset.theme == theme]
        if rows:
            lines += [
                "",
                f"## {THEMES.get(theme, theme)}",
                "",
                _line(heads),
                _line(["---"] * len(heads)),
                *map(_line, rows),
            ]
    if rows_of_uncovered := [_uncovered(row) for row in uncovered]:
        lines += [
            "", "## Not covered, and why", "",
            "Files that no dataset reads, and products that were retired, frozen or moved (`seeds/not_covered.csv`).",
            "", _line(("address", "what", "since", "instead", "why not")), _line(["---"] * 5), *map(_line, rows_of_uncovered),
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _uncovered(row: Mapping[str, str]) -> tuple[str, ...]:
    instead = f"`{row['instead']}`" if row["instead"] else "-"
    return f"`{row['pattern']}`", row["what"], row["since"] or "-", instead, row["reason"]


def _row(dataset: Dataset) -> tuple[str, ...]:
    gives = "; ".join(dict.fromkeys(f"{m.variable} ({m.resolution})" for m in dataset.variables))
    gives += f"; a grid with values {WHERE[dataset.gives]}" if dataset.gives else ""
    return (
        f"`{dataset.id}`", dataset.provider, gives, dataset.cannot, dataset.update_frequency,
        str(dataset.publication_delay_days), f"`{dataset.key.setting}`" if dataset.key else "none",
        dataset.licence + ("" if dataset.redistributable else " (rows are not passed on)"), standing(dataset),
        f"{dataset.proven_on} bytes",
    )  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _has_tables(platform: Platform) -> bool:
    file = platform.catalog.file
    return (file is None or file.exists()) and current_revision(platform.catalog) == newest_revision()

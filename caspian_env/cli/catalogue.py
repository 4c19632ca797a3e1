"""The command ``datasets``: the catalogue, one dataset with its citations, and a check of what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from caspian_env.cli.options import AsJson, Config, Home, Mirror, app
from caspian_env.cli.show import print_json, say, show_table

if TYPE_CHECKING:
    from caspian_env.model import Measured
    from caspian_env.wiring import Platform
    from caspian_env.workflows.catalogue import Entry
    from caspian_env.workflows.check_dataset import Check

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID | check ID]", help="A dataset, for all that is known of it; or check and a dataset."),
]


@app.command()
def datasets(
    words: Words = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of docs/sources.md.")] = False,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Citations as BibTeX.")] = False,
    csl: Annotated[bool, typer.Option("--csl", help="Citations as CSL-JSON.")] = False,
    mirror: Mirror = None,
    home: Home = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the datasets: what each gives, how far it reaches, how to credit it; check ID asks its provider."""
    from caspian_env.seeds import load_uncovered
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform
    from caspian_env.workflows.catalogue import catalogue, sources_page

    chosen = words or []
    with open_platform(load_settings(config=config, home=home, mirror=mirror)) as platform:
        if chosen[:1] == ["check"]:
            _check(platform, chosen[1:], as_json)
            return
        if markdown:
            typer.echo(sources_page(platform.seeds.datasets.values(), load_uncovered()), nl=False)
            return
        entries = catalogue(platform, chosen)
        units = {variable.id: variable.units for variable in platform.seeds.variables.values()}
    if bibtex or csl:
        citations = [entry.as_dict()["citations"] for entry in entries]
        print_json([c["csl_json"] for c in citations]) if csl else typer.echo(
            "\n\n".join(c["bibtex"] for c in citations)
        )
    elif as_json:
        print_json([entry.as_dict() for entry in entries])
    elif chosen:
        for entry in entries:
            _show_one(entry, units)
    else:
        _show_all(entries)


def _show_all(entries: list[Entry]) -> None:
    heads = ("dataset", "title", "state", "newest", "every", "rows passed on", "proof", "key")
    show_table(heads, [_line(entry) for entry in entries])
    say("next: caspian-env datasets ID tells all of one; caspian-env datasets check ID asks its provider")


def _line(entry: Entry) -> tuple[object, ...]:
    from caspian_env.workflows.freshness import standing

    dataset, here = entry.dataset, entry.freshness
    state = here.state if here else "never" if entry.collected else "-"
    if state == "never" and entry.needs:
        state = entry.needs.partition(":")[0]  # "needs a key", "awaits files"
    if dataset.state != "active":
        state = standing(dataset)
    newest = here.newest_observation.date() if here and here.newest_observation else None
    key = f"{dataset.key.setting}{' (missing)' if entry.needs else ''}" if dataset.key else ""
    passed_on = "yes" if dataset.redistributable else "no"
    return dataset.id, dataset.title, state, newest, dataset.update_frequency, passed_on, entry.proof, key


def _show_one(entry: Entry, units: Mapping[str, str]) -> None:
    from caspian_env.workflows.freshness import standing

    answer, dataset, here, key = entry.as_dict(), entry.dataset, entry.freshness, entry.dataset.key
    newest = here.newest_observation if here else None
    lines = {
        "id": dataset.id, "title": dataset.title, "provider": dataset.provider, "summary": dataset.summary,
        "cannot give": dataset.cannot, "caveats": dataset.caveats,
        "grid has values": answer["grid_has_values"],
        "variables": "\n".join(_variable(measured, units) for measured in dataset.variables),
        "places": ", ".join(dataset.locations) or "found by the source", "coverage": f"since {dataset.coverage_start}",
        "newest value": f"{newest:%Y-%m-%d}" if newest else "none here",
        "freshness": f"{here.state}: {_without_key(here.sentence, entry)}" if here else "not collected yet",
        "cadence": f"{dataset.update_frequency}, {dataset.publication_delay_days} days after its period",
        "state": standing(dataset),
        "proof": entry.proof + (f", last check {entry.checked['checked_at']:%Y-%m-%d}" if entry.checked else ""),
        "licence": dataset.licence + ("" if dataset.redistributable else "; rows are not exported"),
        "key": f"CASPIAN_ENV_{key.setting}: {key.how_to_get}" if key else "none",
        "cite": answer["citations"]["plain"],
    }  # fmt: skip
    show_table(("", ""), [(name, text) for name, text in lines.items() if text])
    typer.echo("\n" + answer["citations"]["bibtex"])
    say(f"next: caspian-env datasets {dataset.id} --csl has the citation as CSL-JSON, --bibtex as BibTeX alone")


def _without_key(sentence: str, entry: Entry) -> str:
    """The sentence, in which how to get the key is left to its own line."""
    return sentence.replace(entry.needs, "its key is missing") if entry.dataset.key and entry.needs else sentence


def _variable(measured: Measured, units: Mapping[str, str]) -> str:
    """The quantity as the catalog has it, and the provider's name for it."""
    datum = f", above the zero of {measured.datum}" if measured.datum else ""
    return f"{measured.variable} ({units[measured.variable]}), {measured.resolution}{datum}; the provider's {measured.name}"


def _check(platform: Platform, names: list[str], as_json: bool) -> None:
    from caspian_env.errors import SettingsError
    from caspian_env.workflows.check_dataset import check_dataset

    if len(names) != 1:
        raise SettingsError("datasets check", "takes one dataset", "caspian-env datasets lists them")
    check = check_dataset(platform, names[0])
    print_json(check.as_dict()) if as_json else _show_check(check)
    if check.passed and platform.settings.mirror and not as_json:
        say("it was read from a mirror: that proves as much as its files are the provider's own bytes")
    raise typer.Exit(0 if check.kept else 3)


def _show_check(check: Check) -> None:
    rows = [("" if f.kept else "!", f.what, f.promised, f.found) for f in check.findings]
    show_table(("", "what", "the seed promises", "found"), rows)
    if check.kept:
        say(f"{check.dataset_id} keeps what its seed promises; it is proven")
    elif check.passed:
        say(
            f"{check.dataset_id} is read as its seed promises and so proven; the lines marked ! say what is late or missing"
        )
    else:
        say("next: look at the lines marked !; mend the seed or the source module, or check again later")

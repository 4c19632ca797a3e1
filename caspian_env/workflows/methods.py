"""The page of each method, made from the seeds and the docstring of its function, under the same headings for all."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path

from caspian_env.formats.disk import writing
from caspian_env.model import Indicator
from caspian_env.wiring import indicator_function

HEADINGS = (
    "What it is", "Why it matters here", "Definition", "Inputs and datum", "Method and reference",
    "Uncertainty, and what it does not include", "Completeness", "Known limits", "How to reproduce", "Change history",
)  # fmt: skip
NOT_WRITTEN = "Not written yet."
_INPUT_HEADS = ("indicator", "argument", "dataset", "variable", "resolution", "datum", "places")


def method_pages(indicators: Iterable[Indicator]) -> dict[str, str]:
    """A page (markdown) for each definition, by its id, and a page ``README`` that lists them."""
    by_definition: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        by_definition.setdefault(indicator.definition, []).append(indicator)
    pages = {name: _page(name, variants) for name, variants in by_definition.items()}
    return {"README": _contents(by_definition), **pages}


def write_pages(pages: dict[str, str], folder: Path) -> list[Path]:
    """Write each page as ``FOLDER/ID.md``, each whole or not at all; DiskError when the folder cannot be written."""
    written = []
    with writing(folder, "the pages of methods"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            path = folder / f"{name}.md"
            fresh = path.with_suffix(".md.part")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
            written.append(path)
    return written


def _contents(by_definition: dict[str, list[Indicator]]) -> str:
    rows = [
        (f"[`{name}`]({name}.md)", variants[0].title if len(variants) == 1 else _common_title(variants),
         variants[0].units, f"{len(variants)}")
        for name, variants in by_definition.items()
    ]  # fmt: skip
    lines = [
        "# Methods", "",
        "A page for each definition, made from seeds and docstrings by `caspian-env indicators --pages docs/methods`; a test",
        "compares the two. Every interval is the 5-95 % range unless its page says otherwise.", "",
        *_table(("definition", "title", "unit", "variants"), rows),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _page(name: str, variants: Sequence[Indicator]) -> str:
    first = variants[0]
    texts = {
        "What it is": f"{_statistics(variants)} Unit: {first.units}.",
        "Why it matters here": first.why,
        "Definition": "\n\n".join(dict.fromkeys([_docstring(first)[0], *_notes(variants)])),
        "Inputs and datum": "\n".join(_table(_INPUT_HEADS, _inputs(variants))),
        "Method and reference": _method(variants),
        "Uncertainty, and what it does not include": first.uncertainty,
        "Completeness": first.completeness,
        "Known limits": first.limits,
        "How to reproduce": (
            f"`caspian-env indicator {first.id}` shows its values, and `caspian-env explain {first.id}@YEAR --verify` makes"
            " one again from the archived bytes."
        ),
        "Change history": "\n".join(f"- {line}" for line in first.changes),
    }
    sections = [f"## {heading}\n\n{texts[heading] or NOT_WRITTEN}\n" for heading in HEADINGS]
    return f"# {_common_title(variants)}\n\n`{name}`\n\n" + "\n".join(sections)


def _statistics(variants: Sequence[Indicator]) -> str:
    """What the number is, and for which variants it is something else."""
    first = variants[0].statistic
    others = [f"`{one.id}`: {one.statistic}." for one in variants if one.statistic != first]
    return " ".join([_sentence(first), *others])


def _common_title(variants: Sequence[Indicator]) -> str:
    """What the titles of all variants begin with, up to a comma."""
    titles = list(dict.fromkeys(variant.title for variant in variants))
    return titles[0] if len(titles) == 1 else min(titles, key=len).partition(",")[0]


def _notes(variants: Sequence[Indicator]) -> list[str]:
    """The note that all variants share, and then what each adds to it."""
    notes = [variant.note for variant in variants]
    shared = notes[0] if len(notes) == 1 else _shared_sentences(notes)
    own = [
        f"`{v.id}`: {v.note.removeprefix(shared).strip()}"
        for v in variants
        if len(notes) > 1 and v.note.removeprefix(shared).strip()
    ]
    return [text for text in (shared, *own) if text]


def _shared_sentences(notes: Sequence[str]) -> str:
    split = [note.split(". ") for note in notes]
    count = 0
    while all(len(parts) > count for parts in split) and len({parts[count].rstrip(".") for parts in split}) == 1:
        count += 1
    shared = ". ".join(split[0][:count])
    return shared + "." if shared and not shared.endswith(".") else shared


def _inputs(variants: Sequence[Indicator]) -> list[tuple[str, ...]]:
    return [
        (f"`{variant.id}`", given.argument, f"`{given.dataset}`", given.variable, given.resolution or "any",
         given.datum or variant.datum or "-", given.location or ", ".join(variant.locations))
        for variant in variants
        for given in variant.inputs
    ]  # fmt: skip


def _method(variants: Sequence[Indicator]) -> str:
    first = variants[0]
    body = _docstring(first)[1]
    given = {name: {repr(variant.parameters.get(name)) for variant in variants} for name in first.parameters}
    shared = [f"`{name}` = {values.pop()}" for name, values in given.items() if len(values) == 1]
    own = [
        f"- `{variant.id}`: "
        + ", ".join(f"`{name}` = {variant.parameters.get(name)!r}" for name in given if given[name])
        for variant in variants
        if any(given.values())
    ]
    parts = [
        body, f"Function `{first.function}`, version {first.method_version}. Parameters: {', '.join(shared) or 'by variant'}.",
        "\n".join(own), f"Reference: {first.citation}.",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _docstring(indicator: Indicator) -> tuple[str, str]:
    """The promise of the function, and what its docstring says before its parameters."""
    text = inspect.getdoc(indicator_function(indicator)) or ""
    promise, _, rest = text.partition("\n\n")
    body = rest.partition("Parameters\n---")[0].partition("Returns\n---")[0]
    promise, body = (words.replace("``", "`") for words in (promise, body))
    return promise.replace("\n", " "), body.strip()


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells]

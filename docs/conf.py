"""The pages of this folder as a small site: ``make docs`` makes ``docs/_site``. Nothing in it comes from elsewhere."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from caspian_env.settings import VERSION

project = "caspian-env"
release = VERSION
extensions = ["myst_parser"]
exclude_patterns = ["_site"]
suppress_warnings = ["misc.highlighting_failure"]  # tables and crontabs have no colours
html_theme = "furo"
html_title = f"caspian-env {VERSION}"
html_show_sphinx = False
html_copy_source = False
myst_heading_anchors = 4

# Pages that are kept beside the code, and where they are shown here.
ELSEWHERE = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md", "seeds/README.md": "seeds.md"}


def setup(app: Sphinx) -> None:
    """Lead the links between the pages that are kept elsewhere to where they are shown."""
    app.connect("include-read", _lead)


def _lead(_app: Sphinx, _path: Path, _parent: str, content: list[str]) -> None:
    for name, shown in ELSEWHERE.items():
        content[0] = content[0].replace(f"]({name})", f"](docs/{shown})")

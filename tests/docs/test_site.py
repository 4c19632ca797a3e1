"""The pages make a site without a warning, and a reader's browser fetches nothing from elsewhere for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\ssrc="(?:https?:)?//[^"]*"|<link[^>]*\shref="(?:https?:)?//[^"]*\""""
)


@pytest.mark.slow
def test_the_site_is_whole_and_its_own(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    built = subprocess.run(
        [*words, "--doctree-dir", str(tmp_path / "trees"), str(ROOT / "docs"), str(tmp_path / "site")],
        capture_output=True, text=True, timeout=600, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr[-3000:]
    site = tmp_path / "site"
    pages = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    sources = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sources <= pages
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not FETCHED.search(text), path.name
        for target in re.findall(r'<a[^>]*\shref="([^"#:]+\.html)', text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", path.read_text(encoding="utf-8")), path.name


def test_a_page_that_fetches_is_noticed() -> None:
    assert FETCHED.search('<script src="https://example.org/a.js"></script>')
    assert FETCHED.search('<link rel="stylesheet" href="//example.org/a.css" />')
    assert not FETCHED.search('<a href="https://example.org/">')

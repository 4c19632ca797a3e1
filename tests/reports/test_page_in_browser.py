"""The page in a real browser: it fits the screens it is made for, complains about nothing, and prints."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape, unescape

import pytest

from caspian_env.reports.page import build
from tests.reports.synthetic_bulletin import bulletin, genuine
from tests.reports.synthetic_figures import gallery

pytestmark = pytest.mark.slow
WIDTHS = (360, 768, 1440)
# Each frame holds the page at one width; the outer script, which the page's own policy does not concern, measures it.
MEASURE = """<!DOCTYPE html><meta charset="utf-8"><body>{frames}<pre id="result"></pre><script>
addEventListener("load", () => {{
  const found = {{}};
  for (const frame of document.querySelectorAll("iframe")) {{
    const root = frame.contentDocument.documentElement, edge = frame.clientWidth + 0.5;
    const shown = e => e.getClientRects().length && !e.closest(".skip, thead");
    const out = [...root.querySelectorAll("body *")].filter(e => shown(e) && e.getBoundingClientRect().right > edge);
    for (const e of root.querySelectorAll("svg.chart text")) {{  // a drawing cuts what leaves it; a box is higher than letters
      const box = e.getBoundingClientRect(), home = e.ownerSVGElement.getBoundingClientRect();
      if (shown(e) && (box.right > home.right + 4 || box.left < home.left - 4)) out.push(e);
    }}
    const texts = [...root.querySelectorAll("svg.chart text")].filter(shown);
    found[frame.width] = {{
      scroll: root.scrollWidth, out: out.map(e => e.outerHTML.slice(0, 120)),
      smallest: Math.min(...texts.map(e => e.getBoundingClientRect().height)), charts: texts.length,
    }};
  }}
  document.getElementById("result").textContent = JSON.stringify(found);
}});
</script></body>"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        if os.environ.get("CASPIAN_ENV_TEST_NO_SKIP") == "1":
            pytest.fail("no Chromium is installed, and skipping is not allowed")
        pytest.skip("no Chromium is installed")
    profile = tmp_path_factory.mktemp("profile")

    def run(*arguments):
        command = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--enable-logging=stderr", f"--user-data-dir={profile}",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=10000", *arguments,
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    return run


def russian():
    """The report without the mark of invented data, in a language with longer words."""
    return replace(genuine(), language="ru")


@pytest.fixture(scope="module", params=[bulletin, russian, gallery], ids=["synthetic", "genuine", "figures"])
def page(request, tmp_path_factory):
    files = build(request.param())
    name = next(name for name in files if name.endswith(".html"))
    path = tmp_path_factory.mktemp("page") / name
    path.write_bytes(files[name])
    return path


def test_no_screen_scrolls_sideways_and_charts_can_be_read(browse, page, tmp_path):
    html = escape(page.read_text(encoding="utf-8"), quote=True)
    frames = "".join(f'<iframe width="{w}" height="900" style="border:0" srcdoc="{html}"></iframe>' for w in WIDTHS)
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(MEASURE.format(frames=frames), encoding="utf-8")
    answer = browse("--window-size=1600,1000", "--dump-dom", wrapper.as_uri()).stdout
    found = json.loads(unescape(re.search(r'<pre id="result">(.*?)</pre>', answer, re.S)[1]))
    for width in WIDTHS:
        measured = found[str(width)]
        assert measured["scroll"] <= width, measured
        assert measured["out"] == []
        assert measured["charts"] > 30  # one of the two drawings of each figure is shown
        assert measured["smallest"] >= 10


def test_the_console_stays_silent(browse, page):
    answer = browse("--dump-dom", page.as_uri())
    assert 'id="key"' in answer.stdout
    assert [line for line in answer.stderr.splitlines() if "CONSOLE" in line] == []


def test_the_page_prints(browse, page, tmp_path):
    target = tmp_path / "page.pdf"
    browse("--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
    content = target.read_bytes()
    assert content.startswith(b"%PDF-")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12

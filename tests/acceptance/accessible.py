"""WCAG 2.2 AA, as far as a program can see it: axe-core looks at the page as it stands."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.acceptance.running_server import ROOT

_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_LOOK = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
  return found.violations.map(({ id, help, nodes }) => ({
    id, help, nodes: nodes.slice(0, 3).map((node) => node.html.slice(0, 300)),
  }));
}"""


def barriers(page: Page) -> list[dict[str, Any]]:
    """What axe objects to: the rule, in words, and the first places."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    return list(page.evaluate(_LOOK))

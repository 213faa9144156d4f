"""Writes ``src/client/openapi.json``, which the page's types are generated from.

python -m devtools.api_description && npm run client
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

DESCRIPTION = Path(__file__).resolve().parents[1] / "src" / "client" / "openapi.json"


def described() -> str:
    """The API of the application as it is now, as the text of that file."""
    from server.app import create_app
    from server.settings import Settings

    with tempfile.TemporaryDirectory() as home:
        app = create_app(Settings(home=Path(home)))
        return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DESCRIPTION.write_text(described(), encoding="utf-8", newline="\n")

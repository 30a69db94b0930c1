"""Versions of the notice that people agree to: the text of each is kept as it was, so that it can be read years later.

``templates/privacy/versions/<version>.html`` holds a text. One that somebody agreed to is never changed: a new text is a new
version, named after its day, added here with the SHA-256 of its file (a test compares them).
"""

from __future__ import annotations

VERSIONS = {
    "2026-11": "8dd4e61ffb385f33558ded89874600fae092b1caac216605ea2e22d4d4a56368",
    "2026-11-25": "71d92dff46b6e0d27876d265240663b4695a86ca2dd8c5091e7bd8e509618baa",
    "2026-11-25-2": "4b3add8788c931ac63761052307e7f2e2446efffa6e04d6c60aea3b105e2a7f6",  # companions by name, children, sealed answers
}
CURRENT = list(VERSIONS)[-1]

"""The project's own files, for the guards: what Git tracks or would track, never caches or installed packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
SKIPPED = {".venv", ".git", "__pycache__", "node_modules", "instance", ".pytest_cache", ".hypothesis", "test-artifacts", ".tmp"}


def files(pattern: str, below: str = ".") -> list[Path]:
    """The files below a folder whose name matches ``pattern``, as paths relative to the project."""
    found = (path.relative_to(PROJECT) for path in sorted((PROJECT / below).rglob(pattern)) if path.is_file())
    return [path for path in found if not SKIPPED.intersection(path.parts)]


def read(path: Path) -> str:
    """A file's text."""
    return (PROJECT / path).read_text(encoding="utf-8", errors="replace")


def module_name(path: Path) -> str:
    """The dotted name of a Python file: eventsvc/web/__init__.py is eventsvc.web."""
    parts = list(path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module's source imports, functions' own imports and relative ones included."""
    base = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            prefix = node.module or ""
            if node.level:
                prefix = ".".join([*base[: len(base) - node.level + 1], *([prefix] if prefix else [])])
            for alias in node.names:
                yield node.lineno, f"{prefix}.{alias.name}"

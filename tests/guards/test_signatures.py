"""Every module says what it promises, every public function has a sentence, every signature is annotated."""

from __future__ import annotations

import ast

import pytest

from tests.guards import sources

Function = ast.FunctionDef | ast.AsyncFunctionDef


def annotation_faults(source: str) -> list[str]:
    """Functions with a parameter or result that is not annotated."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, Function):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *filter(None, (node.args.vararg, node.args.kwarg))]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
        if bare:
            found.append(f"line {node.lineno}: {node.name}({', '.join(bare)})")
        if node.returns is None:
            found.append(f"line {node.lineno}: {node.name} -> ?")
    return found


def docstring_faults(source: str) -> list[str]:
    """The module, its public classes, functions and methods without a docstring; overload stubs and nested functions are let be."""
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    owners: list[ast.Module | ast.ClassDef] = [tree]
    while owners:
        for node in owners.pop().body:
            if not isinstance(node, (*Function.__args__, ast.ClassDef)) or node.name.startswith("_"):
                continue
            if isinstance(node, ast.ClassDef):
                owners.append(node)
            if not ast.get_docstring(node) and not _is_stub(node):
                found.append(f"line {node.lineno}: {node.name}")
    return found


def _is_stub(node: ast.AST) -> bool:
    body = getattr(node, "body", [])
    return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and body[0].value.value is ...


@pytest.mark.parametrize("path", sources.files("*.py", "eventsvc"), ids=str)
def test_signatures_are_annotated(path: sources.Path) -> None:
    assert annotation_faults(sources.read(path)) == []


@pytest.mark.parametrize("path", sources.files("*.py", "eventsvc"), ids=str)
def test_what_is_public_is_described(path: sources.Path) -> None:
    assert docstring_faults(sources.read(path)) == []


@pytest.mark.parametrize("source", ["def f(a): ...", "def f(a: int): ...", "def f(*a) -> None: ...", "class C:\n    def m(self, *, k) -> None: ..."])
def test_the_guard_sees_bare_signatures(source: str) -> None:
    assert annotation_faults(source)


@pytest.mark.parametrize("source", ["x = 1", '"""M."""\ndef f() -> None:\n    return None', '"""M."""\nclass C:\n    """C."""\n    def m(self) -> int:\n        return 1'])
def test_the_guard_sees_missing_sentences(source: str) -> None:
    assert docstring_faults(source)

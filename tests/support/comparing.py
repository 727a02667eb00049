"""Where code compares a secret in a way whose time tells how much of it was right."""

import ast
import re
from collections.abc import Iterator

#: What holds a secret, or something made of one, by its name.
_SECRET = re.compile(
    r"secrets?|passwords?|signatures?|tokens?|client_?state|key(s|ring)?|digests?|credentials?"
    r"|given|theirs|ours|signed|hmac|sha256",
    re.IGNORECASE,
)
_TELLS = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
#: Methods that look for one text in another, byte after byte.
_LOOKING = frozenset({"startswith", "endswith", "find", "index", "count", "__eq__", "__contains__"})
#: What these return is no secret, whatever it was made of.
_NO_SECRET = frozenset(
    {"len", "bool", "isinstance", "sum", "compare_digest", "addressed", "signed", "knows", "_found"}
)


def comparisons(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each comparison that a secret, or what comes of one, is in."""
    tree = ast.parse(source)
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _of_one(scope)


def _of_one(scope: ast.AST) -> Iterator[tuple[int, str]]:
    known = _tainted(scope)
    for node in ast.walk(scope):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            tells = any(isinstance(op, _TELLS) for op in node.ops)
            if tells and any(_holds(side, known) for side in sides):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            looked = node.func.attr in _LOOKING
            if looked and any(_holds(one, known) for one in (node.func.value, *node.args)):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Match) and _holds(node.subject, known):
            yield node.lineno, ast.unparse(node.subject)


def _tainted(scope: ast.AST) -> set[str]:
    """Return the names in *scope* that are secrets', or were given one."""
    known = {node.arg for node in ast.walk(scope) if isinstance(node, ast.arg) and _named(node.arg)}
    while True:
        found = set(known)
        for node in ast.walk(scope):
            for target, value in _given(node):
                if _holds(value, known):
                    found |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
        if found == known:
            return known
        known = found


def _given(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _paired(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.target, node.iter


def _paired(target: ast.AST, value: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield what is given to what: ``a, b = c, d`` gives c to a alone."""
    both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    targets, values = getattr(target, "elts", ()), getattr(value, "elts", ())
    if both and len(targets) == len(values):
        yield from zip(targets, values, strict=True)
    else:
        yield target, value


def _holds(node: ast.AST, known: set[str]) -> bool:
    """Tell whether *node* is a secret or made of one; a length, a truth or a type is none."""
    if isinstance(node, ast.Call) and _called(node) in _NO_SECRET:
        return False
    if isinstance(node, ast.Compare | ast.Constant):
        return False
    if isinstance(node, ast.Name):
        return node.id in known or _named(node.id)
    if isinstance(node, ast.Attribute) and _named(node.attr):
        return True
    return any(_holds(child, known) for child in ast.iter_child_nodes(node))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _named(text: str) -> bool:
    return any(_SECRET.fullmatch(word) for word in text.strip("_").split("_")) or bool(
        _SECRET.fullmatch(text)
    )

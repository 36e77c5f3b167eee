"""The string below a field or a member of a class, which Python itself does not keep."""

import ast
import inspect
from textwrap import dedent


def below(owner: type) -> dict[str, str]:
    """By name, what is said below the fields of a Struct or the members of an enum, inherited ones included."""
    found: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        if base.__module__.startswith(("models.", "streams.", "alerting.")):
            found |= _of(base)
    return found


def _of(owner: type) -> dict[str, str]:
    body = ast.parse(dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(said))),
            ):
                found[name] = " ".join(said.split())
    return found

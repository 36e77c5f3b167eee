"""The rules of the house that no linter knows: sizes, names, packages, documented settings."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import msgspec
import pytest

from models.settings import Settings
from streams.tools.settings_page import PAGE, settings_page

ROOT = Path(__file__).parents[2]
MODULES = sorted(file for package in ("models", "alerting", "streams") for file in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
KERNEL = ROOT / "streams" / "kernel"
RUST = sorted(file for folder in ("src", "tests", "benches") for file in (KERNEL / folder).rglob("*.rs"))
DRAWERS = ("util", "helper", "common", "misc", "manager", "base")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(file: Path) -> Iterator[Function]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def body_lines(function: Function) -> int:
    """Lines below the signature and the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_no_module_is_longer_than_250_lines() -> None:
    assert {name(file): lines(file) for file in (*MODULES, *TESTS) if lines(file) > 250} == {}


def test_no_module_of_the_kernel_is_longer_than_400_lines() -> None:
    assert RUST
    assert {name(file): lines(file) for file in RUST if lines(file) > 400} == {}


def test_no_line_of_the_kernel_is_longer_than_120_characters() -> None:
    assert {
        f"{name(file)}:{number}"
        for file in RUST
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120
    } == set()


def test_no_source_names_a_place_of_one_machine() -> None:
    place = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/\w")
    sources = (*MODULES, *TESTS, *RUST, *KERNEL.glob("*.*"), ROOT / "Makefile")
    assert [name(file) for file in sources if place.search(file.read_text(encoding="utf-8"))] == []


def test_the_notice_names_every_crate_of_the_kernel() -> None:
    crates = tomllib.loads((KERNEL / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    named = set(re.findall(r"[\w-]+", (ROOT / "NOTICE").read_text(encoding="utf-8")))
    assert {crate["name"] for crate in crates if "source" in crate} - named == set()


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{name(file)}:{function.lineno} {function.name}": body_lines(function)
        for file in (*MODULES, *TESTS)
        for function in functions(file)
        if body_lines(function) > 40
    }
    assert long == {}


def test_most_modules_and_functions_are_short() -> None:
    bodies = [body_lines(function) for file in MODULES for function in functions(file)]
    modules = [lines(file) for file in MODULES if file.name != "__init__.py"]
    assert median(modules) <= 110
    assert median(bodies) <= 6
    assert quantiles(bodies, n=10)[-1] <= 20


def test_no_file_is_a_drawer() -> None:
    words = {name(path): path.stem.split("_") for path in (*MODULES, *TESTS, *RUST)}
    assert [file for file, parts in words.items() if any(part.rstrip("s") in DRAWERS for part in parts)] == []


def test_tests_are_no_packages() -> None:
    assert [name(file) for file in TESTS if file.name == "__init__.py"] == []


@pytest.mark.parametrize("package", [file for file in MODULES if file.name == "__init__.py"], ids=name)
def test_a_package_holds_its_map_and_no_re_export(package: Path) -> None:
    tree = ast.parse(package.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a docstring with the map of the package"
    assert len(tree.body) == 1


def test_the_page_of_settings_is_current() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == settings_page(), "python -m streams.tools.settings_page"


def test_every_setting_says_what_it_means() -> None:
    rows = settings_page().splitlines()
    for field in msgspec.structs.fields(Settings):
        row = next(row for row in rows if row.startswith((f"| `KPI_{field.name.upper()}` |", f"| `{field.name}` |")))
        assert not row.endswith("|  |"), field.name

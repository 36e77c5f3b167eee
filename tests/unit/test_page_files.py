"""The files of the live page: what they may load, what they say, how long they are."""

import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from models.family import Family
from streams.web.answers import Behind

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "streams" / "web" / "static"
VENDOR = STATIC / "vendor" / "uplot-1.6.32"
SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
STYLES = sorted(STATIC.glob("*.css"))
UPLOT = {  # of the files in the npm package uplot@1.6.32
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
_ENTRY = re.compile(r'^  "([^"]+)": (.+?),$', re.MULTILINE | re.DOTALL)
_SLOT = re.compile(r"\{(\w+)\}")


def catalogue(language: str) -> dict[str, str]:
    """Texts by key; of a plural all its forms together."""
    return dict(_ENTRY.findall((STATIC / "js" / "texts" / f"{language}.js").read_text(encoding="utf-8")))


def name(file: Path) -> str:
    return str(file.relative_to(STATIC))


def test_the_chart_library_is_what_was_published() -> None:
    assert {file.name: sha256(file.read_bytes()).hexdigest() for file in VENDOR.iterdir()} == UPLOT


def test_every_language_has_every_text_with_the_same_slots() -> None:
    english, polish = catalogue("en"), catalogue("pl")
    assert len(english) > 150
    assert list(polish) == list(english)
    slots = {key: (set(_SLOT.findall(english[key])), set(_SLOT.findall(polish[key]))) for key in english}
    assert {key: both for key, both in slots.items() if both[0] != both[1]} == {}


def test_every_shipped_kpi_family_and_dimension_has_a_name() -> None:
    kpis = yaml.safe_load((ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8"))["kpis"]
    dimensions = {dimension for kpi in kpis.values() for dimension in kpi.get("by", [])}
    wanted = (
        {f"kpi.{one}" for one in kpis}
        | {f"dimension.{one}" for one in dimensions}
        | {f"family.{one}" for one in Family}
    )
    assert wanted - catalogue("en").keys() == set()
    named = {key for key in catalogue("en") if key.startswith("kpi.")}
    assert named == {f"kpi.{one}" for one in kpis}, "no text for what is not shipped"


def test_every_reason_to_be_behind_has_a_sentence() -> None:
    codes = Behind.__annotations__["code"].__args__
    assert {f"strip.{code}" for code in codes} - catalogue("en").keys() == set()


@pytest.mark.parametrize("file", SCRIPTS, ids=name)
def test_a_text_that_a_script_says_is_in_the_catalogue(file: Path) -> None:
    said = set(re.findall(r'\bt\("([\w.]+)"', file.read_text(encoding="utf-8")))
    assert said - catalogue("en").keys() == set()


class Loaded(HTMLParser):
    """What index.html loads, and what a strict policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.files: set[str] = set()
        self.texts: set[str] = set()
        self.refused: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.refused += [f"{tag} {key}" for key in given if key.startswith("on")]
        self.refused += [
            tag for _ in [0] if tag in {"style", "iframe", "base"} or (tag == "script" and "src" not in given)
        ]
        self.files |= {
            address for tag_key in ("src", "href") if tag in {"script", "link"} and (address := given.get(tag_key))
        }
        self.texts |= {key for slot in ("data-t", "data-label") if (key := given.get(slot))}


def test_the_page_loads_only_its_own_files_and_all_of_them_at_once() -> None:
    page = Loaded()
    page.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    assert page.refused == []
    assert page.texts - catalogue("en").keys() == set()
    assert all(file.startswith("/static/") for file in page.files)
    loaded = {file.removeprefix("/static/") for file in page.files}
    assert {file for file in loaded if not (STATIC / file).is_file()} == set()
    assert {name(file) for file in (*SCRIPTS, *STYLES)} <= loaded, "a file behind another one is waited for twice"


@pytest.mark.parametrize("file", [*SCRIPTS, *STYLES], ids=name)
def test_no_file_of_the_page_is_long_or_looks_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    addresses = set(re.findall(r"https?://[\w./-]+", text)) - {"http://www.w3.org/2000/svg"}
    assert addresses == set()
    assert re.findall(r"\b(?:eval|innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b", text) == []

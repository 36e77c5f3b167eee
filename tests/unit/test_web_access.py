"""Who may ask."""

from pathlib import Path

import msgspec
import pytest

from models.errors import SettingsError
from models.settings import Settings
from streams.web.access import COOKIE, Access

TOKEN = "0123456789abcdef"  # noqa: S105  of a test
WILD = "0.0.0.0"  # noqa: S104  what is checked


def token_file(folder: Path, text: str = TOKEN + "\n") -> str:
    file = folder / "token"
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("host", [WILD, "10.0.0.7", "::", "shop.example"])
def test_a_page_for_a_network_has_a_guard_or_is_said_to_be_open(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"KPI_WEB_TOKEN_FILE or KPI_WEB_USER_HEADER, or KPI_WEB_OPEN=true"):
        Access.of(Settings(web_host=host))
    Access.of(Settings(web_host=host, web_open=True))
    Access.of(Settings(web_host=host, web_user_header="X-User"))
    Access.of(Settings(web_host=host, web_token_file=token_file(tmp_path)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_on_the_machine_itself_nobody_is_asked(host: str) -> None:
    access = Access.of(Settings(web_host=host))
    assert access.stranger({}, {}) is None


@pytest.mark.parametrize("text", ["", "short", "0123456789abcde\u0142", "two\nlines of a token"])
def test_what_is_no_token_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no token"):
        Access.of(Settings(web_token_file=token_file(tmp_path, text)))
    with pytest.raises(SettingsError, match="cannot be read"):
        Access.of(Settings(web_token_file=str(tmp_path / "absent")))


def test_a_token_is_given_as_bearer_or_by_the_cookie_that_does_not_hold_it() -> None:
    access = Access(token=TOKEN)
    assert access.stranger({"Authorization": f"Bearer {TOKEN}"}, {}) is None
    assert access.stranger({}, {COOKIE: access.cookie}) is None
    assert TOKEN not in access.cookie
    for headers, cookies in [
        ({}, {}),
        ({"Authorization": f"Bearer {TOKEN}x"}, {COOKIE: access.cookie}),
        ({"Authorization": f"Basic {TOKEN}"}, {}),
        ({}, {COOKIE: TOKEN}),
        ({}, {COOKIE: Access(token=TOKEN + "x").cookie}),
    ]:
        refused = access.stranger(headers, cookies)
        assert refused is not None
        assert refused.where == "Authorization"


def test_bytes_that_are_no_text_are_refused_as_anything_else() -> None:
    odd = b"\xff".decode(errors="surrogateescape")  # as a header is read
    access = Access(token=TOKEN)
    assert access.stranger({"Authorization": f"Bearer {odd}"}, {}) is not None
    assert access.stranger({}, {COOKIE: odd}) is not None
    refused = Access().misplaced(odd)
    assert refused is not None
    assert msgspec.json.encode(refused.what) == '"\\"\ufffd\\" is no name of this page"'.encode()


def test_a_proxy_vouches_by_its_header() -> None:
    access = Access(user_header="X-User")
    assert access.stranger({"X-User": "ann"}, {}) is None
    for headers in ({}, {"X-User": ""}, {"User": "ann"}):
        refused = access.stranger(headers, {})
        assert refused is not None
        assert refused.where == "X-User"


@pytest.mark.parametrize("host", ["127.0.0.1:6066", "localhost", "[::1]:6066", "10.0.0.7", "kpi.shop.example:443"])
def test_an_address_and_the_name_it_is_used_by_are_its_own(host: str) -> None:
    access = Access.of(Settings(public_url="https://kpi.shop.example/"))
    assert access.misplaced(host) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:6066", "", "[", "x y"]
)
def test_a_name_that_somebody_else_gave_us_is_not(host: str) -> None:
    for access in (Access(), Access(user_header="X-User"), Access(host="kpi.shop.example")):
        refused = access.misplaced(host)
        assert refused is not None
        assert "KPI_PUBLIC_URL" in refused.do
    assert Access(token=TOKEN).misplaced(host) is None, "a page elsewhere has no token"

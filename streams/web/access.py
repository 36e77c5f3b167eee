"""Who may ask: nobody's name is needed on the machine itself; elsewhere a token, or a reverse proxy that vouches.

A name that an attacker lets point to this machine (DNS rebinding) makes a browser ask us for his page. So a Host is an
address, localhost or that of KPI_PUBLIC_URL, unless a token, which such a page does not have, is asked for anyway.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from models.errors import SettingsError
from models.settings import Settings
from streams.web.answers import Error

COOKIE: Final = "kpi-web"
_LEAST: Final = 16  # characters of a token
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Access:
    """`user_header`: what a reverse proxy sets; `host`: of KPI_PUBLIC_URL."""

    token: str | None = None
    user_header: str | None = None
    host: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Access":
        """Raises SettingsError: a token that cannot be read, or a page open to a network without one being told so."""
        token = None if settings.web_token_file is None else _read(settings.web_token_file)
        access = cls(token, settings.web_user_header, urlsplit(settings.public_url or "").hostname)
        guarded = token is not None or settings.web_user_header is not None
        if not guarded and not settings.web_open and not is_loopback(settings.web_host):
            raise SettingsError(
                f"web_host {settings.web_host}",
                "whoever reaches it could read everything",
                "set KPI_WEB_TOKEN_FILE or KPI_WEB_USER_HEADER, or KPI_WEB_OPEN=true if that is meant",
            )
        return access

    @property
    def cookie(self) -> str:
        """What a browser keeps of the token: it says nothing about it."""
        assert self.token is not None
        return hmac.new(self.token.encode(), b"kpi web", sha256).hexdigest()

    def is_token(self, given: str) -> bool:
        """Whether it is the token."""
        return self.token is not None and hmac.compare_digest(_bytes(given), self.token.encode())

    def misplaced(self, host: str) -> Error | None:
        """Why a request with this Host is refused; None: it is not."""
        name = _hostname(host)
        if self.token is not None or name in {"localhost", self.host} or _is_address(name):
            return None
        shown = _bytes(name).decode(errors="replace")[:80]
        return Error(f'"{shown}" is no name of this page', "Host", "set KPI_PUBLIC_URL to the address it is used by")

    def stranger(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Error | None:
        """Why a request is refused; None: it is not."""
        if self.token is not None and not self._has_token(headers, cookies):
            return Error("a token is needed", "Authorization", "send it as Bearer, or open /?token=... once")
        if self.user_header is not None and not headers.get(self.user_header):
            return Error("no proxy vouches for you", self.user_header, "come by way of the proxy")
        return None

    def _has_token(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        given = headers.get("Authorization", "")
        if given[: len(_BEARER)].lower() == _BEARER:
            return self.is_token(given[len(_BEARER) :].strip())
        return hmac.compare_digest(_bytes(cookies.get(COOKIE, "")), self.cookie.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _bytes(header: str) -> bytes:
    """As they came: what is not UTF-8 was read into halves of surrogates."""
    return header.encode(errors="surrogateescape")


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _read(file: str) -> str:
    where = f"web_token_file {file}"
    try:
        token = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise SettingsError(where, f"cannot be read ({why})", "correct KPI_WEB_TOKEN_FILE or the file") from error
    if len(token) < _LEAST or not token.isascii() or not token.isprintable():
        raise SettingsError(
            where, "holds no token", f"write at least {_LEAST} ASCII characters, as `openssl rand -hex 32`"
        )
    return token

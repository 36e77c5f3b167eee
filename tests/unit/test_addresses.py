import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.delivering.addresses import is_allowed, is_private_literal

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104  leads to this machine
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::7f00:1",
    "::ffff:0:7f00:1",
    "64:ff9b:1::7f00:1",
    "fec0::1",
]
NEVER = [
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "fd20:ce::254",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
]


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_allowed(host: str) -> None:
    assert is_allowed(host, allow_private=False)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_ones_when_they_are_meant(host: str) -> None:
    assert not is_allowed(host, allow_private=False)
    assert is_allowed(host, allow_private=True)


@pytest.mark.parametrize("host", NEVER)
def test_link_local_metadata_and_multicast_ones_never(host: str) -> None:
    assert not is_allowed(host, allow_private=False)
    assert not is_allowed(host, allow_private=True)


@given(st.ip_addresses())
def test_what_is_allowed_without_leave_is_allowed_with_it(address: object) -> None:
    assert is_allowed(str(address), allow_private=True) >= is_allowed(str(address), allow_private=False)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("localhost", True),
        ("am.localhost", True),
        ("10.0.0.1", True),
        ("::1", True),
        ("1.1.1.1", False),
        ("ops.example", False),
        ("", False),
        ("2130706433", False),  # a name to us: said when it is connected to
    ],
)
def test_a_url_that_names_a_private_address_is_known_before_it_is_asked(host: str, *, private: bool) -> None:
    assert is_private_literal(host) == private

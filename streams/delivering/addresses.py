"""Which network addresses a receiver may have: who writes a name's DNS record must not make us ask our own network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

NAT64: Final = IPv6Network("64:ff9b::/96")
METADATA: Final = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google
            "fd00:ec2::254",  # AWS
            "fd20:ce::254",  # Google
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure, a public address
            "192.0.0.192",  # Oracle
        ),
    )
)
"""Of cloud machines: they hand out credentials."""

_OLD: Final = (
    IPv6Network("::/96"),  # IPv4-compatible
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of a network's own
    IPv6Network("fec0::/10"),  # site-local
)
"""Private ones that `is_global` takes for public."""


def is_allowed(host: str, *, allow_private: bool) -> bool:
    """Whether to connect to an IP address in text: public ones, private and loopback ones when they are meant.

    Never link-local, metadata and multicast ones: no receiver lives there.
    """
    address = _reached(ip_address(host.partition("%")[0]))
    if address in METADATA or address.is_link_local or address.is_multicast:
        return False
    return allow_private or (address.is_global and not any(address in old for old in _OLD))


def is_private_literal(host: str) -> bool:
    """Whether a URL's host says by itself that it is no public one."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_allowed(host, allow_private=False)
    except ValueError:
        return False


def _reached(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address

"""Which network addresses a receiver may have: who writes a name's DNS record must not make us ask our own network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

NAT64: Final = IPv6Network("64:ff9b::/96")
METADATA: Final = frozenset({ip_address("169.254.169.254"), ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})
"""Of cloud machines: they hand out credentials (AWS, Azure, Google; AWS by IPv6; Alibaba)."""


def is_allowed(host: str, *, allow_private: bool) -> bool:
    """Whether to connect to an IP address in text: public ones, private and loopback ones when they are meant.

    Never link-local, metadata and multicast ones: no receiver lives there.
    """
    address = _reached(ip_address(host.partition("%")[0]))
    if address in METADATA or address.is_link_local or address.is_multicast:
        return False
    return allow_private or address.is_global


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

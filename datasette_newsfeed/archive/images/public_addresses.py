"""Which URLs and network addresses may be fetched.

An address is public if no part of it leads to this machine, its network, the metadata service of
a cloud, or to any of these through a tunnel.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from ...errors import FetchError

LONGEST_URL = 4_000
"""Characters. Longer ones are refused by most servers."""

# `is_global` counts these as public: https://www.iana.org/assignments/iana-ipv4-special-registry
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata service among them
        "192.88.99.0/24",  # relays to IPv6
        "168.63.129.16/32",  # metadata of another cloud
    )
)
_MULTICAST_V4 = IPv4Network("224.0.0.0/4")
_PUBLIC_V6 = IPv6Network("2000::/3")
"""All that was ever given out: https://www.iana.org/assignments/ipv6-address-space"""
_6TO4 = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one of the public internet, by whatever way it is written."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
        return address in _PUBLIC_V6 and address not in _6TO4 and address.is_global
    if address in _MULTICAST_V4 or any(address in network for network in _NOT_PUBLIC_V4):
        return False
    return address.is_global


def is_public_text(text: str) -> bool:
    """Tell the same of an address as the system writes it, with or without a zone."""
    try:
        return is_public(ip_address(text.partition("%")[0]))
    except ValueError:
        return False


def checked(url: str) -> SplitResult:
    """Return the parts of a URL that may be asked for; raises FetchError for any other."""
    if len(url) > LONGEST_URL:
        raise FetchError("refused", f"is longer than {LONGEST_URL:,} characters")
    if _CONTROL.search(url):
        raise FetchError("refused", "holds control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError("refused", "is no URL") from error
    if parts.scheme not in ("http", "https"):
        raise FetchError("refused", "is neither http nor https")
    if not parts.hostname or port == 0:
        raise FetchError("refused", "is no URL")
    if "@" in parts.netloc:
        raise FetchError("refused", "holds a name or password")
    return parts

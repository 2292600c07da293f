"""Addresses that a page may link to: http, https, mailto and tel, of bounded length."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit

import idna

LONGEST_ADDRESS = 4_000
"""Characters, percent-encoded. Most servers refuse longer addresses, and a page may repeat them."""

_URI_CHARACTERS = "%/:=&?~#+!$,;'@()*[]"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"(?P<before>https?://(?:[^/?#@]*@)?)(?P<host>[^/?#@:]+)", re.IGNORECASE)
_CONTACT = re.compile(r"(?:mailto:[^\s<>\"]*[^\s<>\":?]|tel:[+0-9(][-0-9+*#().;=a-z%]*)", re.I)


def web_url(value: object) -> str | None:
    """Return a URL if it is http or https, names a host and is not too long, else None."""
    if not isinstance(value, str) or len(value) > LONGEST_ADDRESS:
        return None
    url = value.strip()
    if _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # as of "http://[half an address"
        return None
    if not is_web or (not url.isascii() and len(uri(url)) > LONGEST_ADDRESS):
        return None
    return url


def link_url(written: str, base_url: str | None) -> str | None:
    """Return where a link of a text leads, None if nowhere: to the web, to mail or a telephone.

    base_url: the page of the text, from which a relative address starts.
    """
    address = written.strip()
    if _CONTACT.fullmatch(address) and len(address) <= LONGEST_ADDRESS:
        return address
    return web_url(absolute(address, base_url))


def absolute(address: str, base_url: str | None) -> str:
    """Return an address seen from a page; empty where it is none or too long to be one."""
    if len(address) > LONGEST_ADDRESS:
        return ""
    try:
        return urljoin(base_url or "", address)
    except ValueError:
        return ""


def uri(url: str) -> str:
    """Return a web address in ASCII (RFC 3986): the host by IDNA (UTS 46), the rest by percent."""
    if not url.isascii():
        url = _HOST.sub(lambda match: match["before"] + _ascii_host(match["host"]), url, count=1)
    return quote(url, safe=_URI_CHARACTERS)


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        # IDNA 2008 refuses symbols (as in ☕.example) that browsers look up all the same.
        return ".".join(_ascii_label(label) for label in re.split("[.。．｡]", host.lower()))


def _ascii_label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"

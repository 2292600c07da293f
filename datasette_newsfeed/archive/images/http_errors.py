"""What an HTTP status or a broken connection means for what was asked for: gone, failed, refused.

Each becomes a FetchError, which says also whether it is worth asking again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from ...errors import FetchError

GONE = frozenset({404, 410})
"""Answers that say that there is no such image any more."""
MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which it is worth asking again."""


def refusal(status: int, retry_after: str | None, wait_most: float) -> FetchError:
    """Return an answer other than the image as an error, with the time to wait that it asks for.

    `wait_most`, in seconds, is the longest that is waited.
    """
    wait = _seconds(retry_after)
    try:
        words = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        words = f"{status}, which is no standard answer"
    is_too_long = wait is not None and wait > wait_most
    return FetchError(
        "gone" if status in GONE else "failed",
        f"{words}; wants us to wait longer than we do" if is_too_long else words,
        status=status,
        may_pass=status in MAY_PASS and not is_too_long,
        wait=wait,
    )


def _seconds(retry_after: str | None) -> float | None:
    """Return what Retry-After says (RFC 9110, 10.2.3): seconds, or a time. None if neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        time = parsedate_to_datetime(text)
    except ValueError:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return max(0.0, (time - datetime.now(UTC)).total_seconds())


@contextmanager
def as_fetch_error() -> Iterator[None]:
    """Say what went wrong with a connection in words of our own, the same on every system."""
    import httpx

    try:
        yield
    except TimeoutError as error:
        raise FetchError("failed", "takes too long", may_pass=True) from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        if "certificate" in str(error).lower():
            raise FetchError("failed", "has a certificate that does not hold") from error
        raise FetchError(
            "failed", "has a host that cannot be reached", may_pass=True, is_unreachable=True
        ) from error
    except httpx.TimeoutException as error:
        raise FetchError("failed", "takes too long", may_pass=True) from error
    except httpx.RemoteProtocolError as error:
        if isinstance(error.__context__, httpx.InvalidURL):
            raise FetchError("refused", "redirects to no URL") from error
        raise FetchError("failed", "ends too early, or is no HTTP", may_pass=True) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise FetchError("refused", "is no URL") from error
    except httpx.HTTPError as error:
        words = str(error) or type(error).__name__
        raise FetchError("failed", f"breaks off: {words[:200]}", may_pass=True) from error

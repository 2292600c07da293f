"""The bytes of a file become a record, and what the record says of things that others name, too.

Pure but for reading the file: a process that only parses loads this and nothing that writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...errors import RecordError
from ...url_keys import url_key
from ..dialects import Dialect, LeftOut, dialect_of, reason_of_name
from ..dialects.document import Document
from ..dialects.left_out import TEMPLATE, is_template
from ..files import MAX_RECORD_BYTES, File
from ..records import Article, Image, Organization, with_image_paths
from ..sources.references import Facts, ImageUse
from ..sources.source_file import ParsedFile
from .front_matter import read
from .sites import NOT_FOUND, FoundSite


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read; one that has this SHA-256 is not even parsed.

    path: below its site, else below its root.
    """

    file: File
    sha256: str | None = None
    site: FoundSite = NOT_FOUND
    path: str = ""


def parse(
    request: Request, unparsed: ParsedFile, data: bytes, dialects: Sequence[Dialect]
) -> ParsedFile:
    """Return a file with what its bytes say, in the dialect that they are written in."""
    file = request.file
    document: Document | None = None
    try:
        document = read(data, request.path or file.path)
        if reason := reason_of_name(document):
            return replace(unparsed, left_out=reason)
        dialect = dialect_of(document, request.site.site, dialects)
        record = dialect.read(document, request.site.site)
    except RecordError as error:
        if document is None and is_template(file.path, _beginning(data)):
            return replace(unparsed, left_out=TEMPLATE)
        return replace(unparsed, error=error, is_parsed=_has_front_matter(document))
    left_out = record.reason if isinstance(record, LeftOut) else None
    found = None if isinstance(record, LeftOut) else with_image_paths(record, file.path)
    return replace(
        unparsed,
        is_parsed=_has_front_matter(document),
        dialect=dialect.name,
        repeated=document.repeated,
        left_out=left_out,
        record=found,
        references=facts_of(found) if found else unparsed.references,
    )


def _beginning(data: bytes) -> str:
    return data[:4000].decode("utf-8", "replace")


def _has_front_matter(document: Document | None) -> bool:
    return document is None or document.syntax != "none"


def contents(file: File) -> bytes:
    """Return what a file holds; raises RecordError where it cannot be read, or is too large."""
    if file.size > MAX_RECORD_BYTES:
        raise RecordError(
            f"{file.size:,} bytes are too many for a record; the limit is {MAX_RECORD_BYTES:,}"
        )
    try:
        with open(file.file, "rb") as stream:
            # As much as it had: room for the largest would have to be made for each.
            data = stream.read(file.size + 1)
            return (
                data if len(data) <= file.size else data + stream.read(MAX_RECORD_BYTES - file.size)
            )
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror or error}") from error


def facts_of(record: Article | Organization) -> Facts:
    """Return what a record says of things that other records speak of, too."""
    if isinstance(record, Organization):
        logo = record.logo
        return Facts(
            images=(_use(logo, record.domain),) if logo else (),
            organization=(record.domain, record.name or record.domain, logo.id if logo else None),
        )
    urls = [(url, -1) for url in (record.web_url, record.original_url) if url]
    urls += [(other.url, at) for at, other in enumerate(record.related) if other.url]
    keyed = ((url_key(url), position) for url, position in urls)
    images = [_use(image, "") for image in record.images]
    images += [_use(other.image, "") for other in record.related if other.image]
    images += [_use(p.logo, p.domain or "") for p in record.providers if p.logo]
    return Facts(
        urls=tuple((key, position) for key, position in keyed if key),
        images=tuple(images),
    )


def _use(image: Image, domain: str) -> ImageUse:
    # Beyond 64 bits no area is larger than another.
    area = min(image.area, 2**63 - 1)
    written = None if image.path is None else image.url
    return image.id, domain, area, image.width, image.height, image.is_cached, written

"""A generator's configuration, already read as a mapping, becomes a Site.

Only what the generator's documentation defines is taken; all else stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ...languages import language_code
from .document import Site
from .fields import words
from .permalinks import JEKYLL_STYLES


def site_of(generator: str, configuration: Mapping[str, Any], authors: Mapping[str, str]) -> Site:
    """Return what a configuration says about the records of its site.

    `authors` are the names of the site's data files, by their ids.
    """
    read = _READERS.get(generator, _javascript)
    return Site(generator=generator, authors=dict(authors), **read(configuration))


def author_names(data: Any) -> dict[str, str]:
    """Return the names of authors by their ids, from a data file: a mapping or a list."""
    found: dict[str, str] = {}
    if isinstance(data, list):
        for item in data:
            if isinstance(item, dict):
                key = next(
                    (w for k in ("id", "key", "slug", "username") if (w := words(item.get(k)))),
                    None,
                )
                if key and (name := _author_name(item)):
                    found[key] = name
    elif isinstance(data, dict):
        # `authors:` alone at the top, as in MkDocs.
        inner = data.get("authors")
        for key, item in (inner if isinstance(inner, dict) else data).items():
            if isinstance(item, dict):
                if name := _author_name(item):
                    found[str(key)] = name
            elif isinstance(item, str) and (name := words(item)):
                found[str(key)] = name
    return found


def _author_name(item: Mapping[str, Any]) -> str | None:
    for key in ("name", "display_name", "displayName", "full_name", "title", "Name"):
        value = item.get(key)
        if isinstance(value, dict):
            value = value.get("display") or value.get("full")
        if name := words(value):
            return name
    first, last = words(item.get("first_name")), words(item.get("last_name"))
    return f"{first} {last}" if first and last else None


def address(value: Any) -> str | None:
    """Return the address of a front page with a slash at its end; None where it is none."""
    found = words(value)
    if not found:
        return None
    try:
        parts = urlsplit(found)
    except ValueError:
        return None
    name = parts.hostname or ""
    is_real = (
        parts.scheme in ("http", "https")
        and "." in name
        and not name.endswith(("example.com", "example.org", "example.net", ".local", ".localhost"))
        and not re.fullmatch(r"[0-9.]+", name)
    )
    return f"{found.split('?')[0].split('#')[0].rstrip('/')}/" if is_real else None


def timezone(value: Any) -> str | None:
    """Return the name of a zone of the IANA database; None where it is none."""
    found = words(value)
    if not found:
        return None
    try:
        ZoneInfo(found)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None
    return found


def language(value: Any) -> str | None:
    """Return the code of a site's language; of several, the first."""
    first = value[0] if isinstance(value, list) and value else value
    return language_code(first.replace(".UTF-8", "")) if isinstance(first, str) else None


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(found for item in items if isinstance(item, str) and (found := words(item)))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _lowered(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in configuration.items()}


def _hugo(configuration: Mapping[str, Any]) -> dict[str, Any]:
    found = _lowered(configuration)
    languages = _mapping(found.get("languages"))
    main = words(found.get("defaultcontentlanguage")) or ("en" if len(languages) > 1 else None)
    patterns = _mapping(found.get("permalinks"))
    patterns = _mapping(patterns.get("page")) or patterns
    own = _lowered(_mapping(languages.get(main or "")))
    content = words(found.get("contentdir")) or "content"
    of_languages = [
        words(_lowered(_mapping(each)).get("contentdir")) for each in languages.values()
    ]
    dates = _mapping(_lowered(_mapping(found.get("frontmatter")))).get("date")
    return {
        "name": words(own.get("title")) or words(found.get("title")),
        "address": address(own.get("baseurl")) or address(found.get("baseurl")),
        "timezone": timezone(found.get("timezone")),
        "language": language(main or found.get("languagecode") or found.get("locale")),
        "languages": frozenset(str(each) for each in languages),
        "permalinks": {str(k): v for k, v in patterns.items() if isinstance(v, str)},
        "content": tuple(dict.fromkeys((content, *filter(None, of_languages)))),
        "ugly_sections": _ugly(found.get("uglyurls")),
        "is_language_in_path": found.get("defaultcontentlanguageinsubdir") is True,
        "has_dated_names": ":filename" in (_texts(dates) if isinstance(dates, list) else ()),
    }


def _ugly(value: Any) -> frozenset[str]:
    """Return the sections with `uglyURLs`: one flag for all, or one for each."""
    if isinstance(value, dict):
        return frozenset(str(key) for key, each in value.items() if each is True)
    return frozenset(("",) if value is True else ())


def _zola(configuration: Mapping[str, Any]) -> dict[str, Any]:
    languages = _mapping(configuration.get("languages"))
    return {
        "name": words(configuration.get("title")),
        "address": address(configuration.get("base_url")),
        "language": language(configuration.get("default_language")),
        "languages": frozenset(str(each) for each in languages),
        "content": ("content",),
    }


def _jekyll(configuration: Mapping[str, Any]) -> dict[str, Any]:
    base = words(configuration.get("baseurl")) or ""
    host = address(configuration.get("url"))
    patterns: dict[str, str] = {}
    if isinstance(style := configuration.get("permalink"), str):
        patterns[""] = JEKYLL_STYLES.get(str(style), str(style))
    for default in configuration.get("defaults") or ():
        scope = _mapping(_mapping(default).get("scope"))
        style = _mapping(_mapping(default).get("values")).get("permalink")
        if isinstance(style, str) and (scope.get("type") or scope.get("path")) in (
            *("posts", "_posts", ""),
            None,
        ):
            patterns["posts"] = JEKYLL_STYLES.get(str(style), str(style))
    for name, collection in _mapping(configuration.get("collections")).items():
        if isinstance(style := _mapping(collection).get("permalink"), str):
            patterns[str(name)] = JEKYLL_STYLES.get(str(style), str(style))
    return {
        "name": words(configuration.get("title")) or words(configuration.get("name")),
        "address": address(f"{host.rstrip('/')}/{base.strip('/')}") if host else None,
        "timezone": timezone(configuration.get("timezone")),
        "language": language(configuration.get("lang") or configuration.get("locale")),
        "languages": frozenset(_texts(configuration.get("languages"))),
        "permalinks": patterns,
        "content": ("_posts",),
        "excluded": _texts(configuration.get("exclude")),
    }


def _hexo(configuration: Mapping[str, Any]) -> dict[str, Any]:
    host = address(configuration.get("url"))
    root = words(configuration.get("root")) or ""
    if host and root.strip("/") and not host.rstrip("/").endswith(root.rstrip("/")):
        host = address(f"{host.rstrip('/')}/{root.strip('/')}")
    pattern = words(configuration.get("permalink"))
    languages = configuration.get("language")
    source = words(configuration.get("source_dir")) or "source"
    return {
        "name": words(configuration.get("title")),
        "address": host,
        "timezone": timezone(configuration.get("timezone")),
        "language": language(languages),
        "languages": frozenset(_texts(languages)),
        "permalinks": {"": f"/{pattern}"} if pattern else {},
        "content": (f"{source}/_posts",),
        "has_dated_names": ":year" in (words(configuration.get("new_post_name")) or ""),
        "default_category": words(configuration.get("default_category")) or "uncategorized",
    }


def _pelican(configuration: Mapping[str, Any]) -> dict[str, Any]:
    pattern = words(configuration.get("ARTICLE_URL")) or words(configuration.get("ARTICLE_SAVE_AS"))
    paths = _texts(configuration.get("ARTICLE_PATHS")) or ("",)
    content = words(configuration.get("PATH")) or "content"
    return {
        "name": words(configuration.get("SITENAME")),
        "address": address(configuration.get("SITEURL")),
        "timezone": timezone(configuration.get("TIMEZONE")),
        "language": language(configuration.get("DEFAULT_LANG")),
        "permalinks": {"": f"/{pattern}"} if pattern else {},
        "content": tuple("/".join(filter(None, (content.strip("/"), each))) for each in paths),
        "has_slugs_of_names": configuration.get("SLUGIFY_SOURCE") == "basename",
        "default_category": words(configuration.get("DEFAULT_CATEGORY")) or "misc",
    }


def _nikola(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": words(configuration.get("BLOG_TITLE")),
        "address": address(configuration.get("SITE_URL")),
        "timezone": timezone(configuration.get("TIMEZONE")),
        "language": language(configuration.get("DEFAULT_LANG")),
        "content": ("posts",),
    }


def _mkdocs(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": words(configuration.get("site_name")),
        "address": address(configuration.get("site_url")),
    }


def _javascript(configuration: Mapping[str, Any]) -> dict[str, Any]:
    host = address(configuration.get("url")) or address(configuration.get("site"))
    host = host or address(configuration.get("siteUrl"))
    base = words(configuration.get("baseUrl")) or words(configuration.get("base")) or ""
    if host and base.startswith("/") and base.strip("/"):
        host = address(f"{host.rstrip('/')}/{base.strip('/')}")
    return {
        "name": words(configuration.get("title")) or words(configuration.get("name")),
        "address": host,
        "content": _texts(configuration.get("blogPath")),
        "blog_route": words(configuration.get("blogRoute")) or "blog",
        "ends_with_slash": configuration.get("trailingSlash") == "true",
        "language": language(configuration.get("defaultLocale"))
        or language(configuration.get("language")),
        "languages": frozenset(_texts(configuration.get("locales"))),
        "input_folder": words(configuration.get("input")),
        "permalinks": {"": pattern}
        if isinstance(pattern := configuration.get("permalink"), str)
        else {},
    }


_READERS = {
    "hugo": _hugo,
    "zola": _zola,
    "jekyll": _jekyll,
    "hexo": _hexo,
    "pelican": _pelican,
    "nikola": _nikola,
    "mkdocs": _mkdocs,
}

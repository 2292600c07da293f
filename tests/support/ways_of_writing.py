"""Ways of writing invented records into files, and what each file then says: no reading involved.

A record is a mapping of the keys that `git_archive.record` makes and of some that no file holds:
`name` and `day`, `place` (one of several folders), `form` (one of several syntaxes), `date` (that
of the front matter), `draft` and `authors`. All that a file says is a function of them, and of the
number of the site's configuration; each class has that function written by hand.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from git_archive import as_file

Keys = dict[str, Any]
Said = tuple[str, dict[str, Any]]
"""The id of an article, and its columns and lists."""

ODD_NAMES = ("", " a blank", "-ä", "-'quoted\"", "-星", "-%41", "$(x)")
NO_PART_OF_FILES = ("name", "day", "place", "form", "date", "draft", "authors")


class Writing:
    """One way of writing. `folder` is what is imported, `below` where its records lie."""

    name = ""
    folder = ""
    configuration = ""
    """The file that configures the site, "" where there is none."""
    forms: tuple[str, ...] = ("",)
    places: tuple[str, ...] = ("",)
    """Patterns of paths."""
    slugs: ClassVar[dict[str, str]] = {}
    """What the ends of odd names are in addresses."""

    def path(self, keys: Keys) -> str:
        """Return where the file of a record lies."""
        year, month, day = keys["day"].split("-")
        parts = {"n": keys["name"], "d": keys["day"], "year": year, "month": month, "day": day}
        return self.folder + self.places[keys["place"]].format_map(parts)

    def configured(self, number: int) -> bytes:
        """Return a configuration of the site."""
        return b""

    def content(self, keys: Keys) -> bytes:
        """Return a record as a file."""
        raise NotImplementedError

    def broken(self, keys: Keys) -> bytes:
        """Return what cannot be read where the file of a record lies."""
        return b"---\ntitle: [unclosed\n---\n"

    def said(self, keys: Keys, site: int) -> Said | None:
        """Return what the file of a record says; None where it is no article."""
        raise NotImplementedError

    def slug(self, keys: Keys) -> str:
        """Return the name of a record as an address has it."""
        end = next(end for end in reversed(ODD_NAMES) if keys["name"].endswith(end))
        return str(keys["name"]).removesuffix(end) + self.slugs[end]


class Smartable(Writing):
    """The first format: the keys of a record as they are."""

    name = "smartable"
    folder = "news/"
    places = ("{d}-{n}.md", "more/{d}-{n}.md", "a/{d}-{n}.md")
    columns: ClassVar = {
        "title": "title",
        "excerpt": "excerpt",
        "publishedDateTime": "published_at",
        "webUrl": "web_url",
        "type": "type",
        "heat": "heat",
        "quality": "quality",
        "body": "body",
    }

    def content(self, keys: Keys) -> bytes:
        return as_file({key: keys[key] for key in keys if key not in NO_PART_OF_FILES})

    def said(self, keys: Keys, site: int) -> Said:
        said = {column: str(keys[key]) for key, column in self.columns.items()}
        if "ratings" in keys:
            said["extra.ratings"] = keys["ratings"]
        return f"{keys['day']}-{keys['name']}", {
            **said,
            **_listed(keys, keys["images"]),
            "provider_id": "lantern.example.test",
            "provider_name": "The Lantern",
        }


class Hugo(Writing):
    """Front matter in TOML, YAML or JSON; page bundles, sections, drafts and pages."""

    name = "hugo"
    configuration = "hugo.toml"
    forms = ("toml", "yaml", "json")
    places = (
        "content/posts/{n}.md",
        "content/posts/{n}/index.md",
        "content/posts/{d}-{n}.md",
        "content/news/{n}.md",
        "content/pages/{n}.md",
        "content/posts/{n}/_index.md",
    )
    slugs: ClassVar = dict(
        zip(
            ODD_NAMES,
            ("", "-a-blank", "-%C3%A4", "-quoted", "-%E6%98%9F", "-%41", "x"),
            strict=True,
        )
    )

    def configured(self, number: int) -> bytes:
        return f"baseURL = 'https://hugo-{number}.test/'\ntitle = 'Hugo {number}'\n".encode()

    def content(self, keys: Keys) -> bytes:
        front = _front(keys)
        body = f"\n{keys['body']}\n"
        if keys["form"] == "yaml":
            return as_file({**front, "body": keys["body"]})
        if keys["form"] == "json":
            return f"{json.dumps(front, indent=1)}\n{body}".encode()
        lines = [
            f"{key} = {value if key == 'date' else _toml(value)}\n" for key, value in front.items()
        ]
        return f"+++\n{''.join(lines)}+++\n{body}".encode()

    def said(self, keys: Keys, site: int) -> Said | None:
        place = self.places[keys["place"]]
        is_dated = "{d}" in place
        if place.endswith("_index.md") or ("pages" in place and not keys["date"]):
            return None
        base = f"https://hugo-{site}.test/"
        name = f"{keys['day']}-{keys['name']}" if is_dated else keys["name"]
        section = place.split("/")[1]
        slug = f"{keys['day']}-{self.slug(keys)}" if is_dated else self.slug(keys)
        return name, {
            **_of_front(keys, base),
            "published_at": _time(keys["date"] or (keys["day"] if is_dated else "")),
            "web_url": f"{base}{section}/{slug}/",
            "provider_id": f"hugo-{site}.test",
            "provider_name": f"Hugo {site}",
        }


class Jekyll(Writing):
    """Posts with a date in their names, drafts, posts below a category, pages."""

    name = "jekyll"
    folder = "site/"
    configuration = "site/_config.yml"
    forms = ("", "untitled")
    places = (
        "_posts/{d}-{n}.md",
        "_posts/deep/{d}-{n}.md",
        "news/_posts/{d}-{n}.md",
        "_drafts/{n}.md",
        "about/{n}.md",
    )
    slugs: ClassVar = dict(
        zip(
            ODD_NAMES,
            ("", "-a-blank", "-%C3%A4", "-'quoted", "-%E6%98%9F", "-41", "$(x)"),
            strict=True,
        )
    )

    def configured(self, number: int) -> bytes:
        return f"url: https://jekyll-{number}.test\ntitle: Jekyll {number}\n".encode()

    def content(self, keys: Keys) -> bytes:
        front = _front(keys)
        front["published"] = not front.pop("draft")
        if keys["place"] == 4:
            front.pop("date", None)
        if keys["form"] == "untitled":
            del front["title"]
        return as_file({**front, "body": keys["body"]})

    def said(self, keys: Keys, site: int) -> Said | None:
        place = self.places[keys["place"]]
        if "about" in place:
            return None
        is_post = "_posts" in place
        date = keys["date"] or (keys["day"] if is_post else "")
        base = f"https://jekyll-{site}.test/"
        above = "news/" if place.startswith("news") else ""
        day = date[:10].replace("-", "/")
        said = {
            **_of_front(keys, base),
            "draft": "1" if keys["draft"] or not is_post else "0",
            "published_at": _time(date),
            "provider_id": f"jekyll-{site}.test",
            "provider_name": f"Jekyll {site}",
        }
        if date:
            said["web_url"] = f"{base}{above}{day}/{self.slug(keys)}.html"
        if keys["form"] == "untitled":
            said["title"] = keys["name"].replace("-", " ").capitalize()
        return f"{keys['day']}-{keys['name']}" if is_post else keys["name"], said


class Notes(Writing):
    """Markdown mostly without front matter, in a folder of no site: dates are in the paths."""

    name = "notes"
    folder = "notes/"
    forms = ("atx", "setext", "below", "front")
    places = (
        "{year}/{month}/{day}/{n}.md",
        "{d}-{n}.md",
        "{d}-{n}/index.md",
        "{d}-walk/{n}.md",
        "loose/{n}.md",
    )

    def broken(self, keys: Keys) -> bytes:
        if self.places[keys["place"]].startswith("loose"):
            return super().broken(keys)
        return b"Words without any heading.\n"

    def content(self, keys: Keys) -> bytes:
        title, body = keys["title"], keys["body"]
        match keys["form"]:
            case "atx":
                return f"# {title}\n\n{body}\n".encode()
            case "setext":
                return f"{title}\n=====\n\n{body}\n".encode()
            case "below":
                return f"{body}\n\n## {title}\n\nThe end.\n".encode()
        return as_file({**_front(keys), "body": body})

    def said(self, keys: Keys, site: int) -> Said | None:
        place = self.places[keys["place"]]
        is_front = keys["form"] == "front"
        is_dated = place != "loose/{n}.md"
        if not (is_dated or is_front):
            return None
        date = (keys["date"] if is_front else "") or (keys["day"] if is_dated else "")
        name = keys["name"] if place.count("/") == 1 and "index" not in place else (
            f"{keys['day']}-{keys['name']}"
        )  # fmt: skip
        said: dict[str, Any] = {
            **(_of_front(keys, "") if is_front else {"title": keys["title"], "draft": "0"}),
            "published_at": _time(date),
            "body": keys["body"],
        }
        if keys["form"] == "below":
            said["body"] += f"\n\n## {keys['title']}\n\nThe end."
        return name, said


WRITINGS = (Smartable(), Hugo(), Jekyll(), Notes())


def _front(keys: Keys) -> dict[str, Any]:
    """Return the front matter that most generators read."""
    front = {"title": keys["title"], "description": keys["excerpt"], "tags": keys["topics"]}
    if keys["date"]:
        front["date"] = keys["date"]
    front |= {"authors": keys["authors"], "weight": keys["heat"], "draft": keys["draft"]}
    if "ratings" in keys:
        front["ratings"] = keys["ratings"]
    # An empty list is a value that fits no column, and is kept beside.
    front = {key: value for key, value in front.items() if value != []}
    return {**front, "image": keys["images"][-1]["url"]}


def _of_front(keys: Keys, base: str) -> dict[str, Any]:
    url = keys["images"][-1]["url"]
    said = {
        "title": keys["title"],
        "excerpt": keys["excerpt"],
        "body": keys["body"],
        "extra.weight": keys["heat"],
        "draft": str(int(keys["draft"])),
    }
    if "ratings" in keys:
        said["extra.ratings"] = keys["ratings"]
    address = base + url.removeprefix("/") if base and url.startswith("/") else url
    return said | _listed(keys, [{"url": address}], keys["authors"])


def _listed(keys: Keys, images: list[dict[str, Any]], authors: list[str] | None = None) -> Any:
    keyed: dict[str, Any] = {}
    for image in images:
        again = sum(str(key).split(" (")[0] == image["url"] for key in keyed) + 1
        key = image["url"] if again == 1 else f"{image['url']} ({again})"
        keyed[key] = {"key": key, **image}
    return {
        "topic": {topic: topic for topic in keys["topics"]},
        "author": {author: author for author in authors or ()},
        "image": keyed,
    }


def _time(date: str) -> str:
    return date if "T" in date or not date else f"{date}T00:00:00Z"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)

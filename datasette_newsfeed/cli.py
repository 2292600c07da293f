"""The commands: they read arguments, call the archive and print a report.

The same group is available as `datasette newsfeed` and as `sqlite-utils newsfeed`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import sqlite_utils
import yaml

from . import default_metadata
from .cli_options import (
    Database,
    TerminalListener,
    about_records,
    as_json,
    complain,
    follow_links,
    printable,
    progress,
    reported,
)
from .registered_dialects import registered_dialects
from .schema import OUTCOMES


@click.group()
@click.version_option(package_name="datasette-newsfeed", prog_name="newsfeed")
def newsfeed() -> None:
    """Archives of news articles: Markdown files with YAML front matter."""


@newsfeed.command("import")
@Database
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--prune",
    is_flag=True,
    help="Remove the rows of files that are gone from PATH, or can no longer be imported.",
)
@click.option(
    "--allow-empty",
    is_flag=True,
    help="With --prune: also if PATH is gone or holds no records.",
)
@click.option("--dry-run", is_flag=True, help="Report what would be done, and change nothing.")
@click.option(
    "--without-text",
    is_flag=True,
    help="Do not keep the files themselves in DB-sources; they cannot be exported then.",
)
@click.option(
    "--base-url",
    metavar="URL",
    help="The site to which image URLs such as /assets/a.png belong. DB remembers it; "
    '"" makes it forget.',
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Parse files in this many processes, if more than one. The rows are the same.",
)
@click.option(
    "--relate/--no-relate",
    default=True,
    help="Find stories and similar articles at the end.",
    show_default=True,
)
@click.option(
    "history",
    "--history",
    is_flag=True,
    help="Read what changed over time from the git repository of PATH, as newsfeed history does.",
)
@follow_links
@about_records
@as_json
def import_(
    database: str,
    paths: tuple[str, ...],
    prune: bool,
    allow_empty: bool,
    dry_run: bool,
    without_text: bool,
    base_url: str | None,
    workers: int,
    relate: bool,
    history: bool,
    follow_links: bool,
    as_json: bool,
    **about: Any,
) -> None:
    """Read the files and folders at PATH into DB, and create it if needed.

    An import may be repeated: unchanged files are not parsed, changed files replace their
    rows. A file that cannot be imported is reported, all others are imported, and the
    exit status is 1. DB-sources, beside DB, keeps the files as read. The format of the
    records is detected. DB remembers the options that are given for a PATH.
    """
    from .archive.importing.importer import import_archive
    from .archive.importing.options import ImportOptions
    from .archive.importing.pruning import knows_files_below
    from .archive.importing.remembered_options import site_options

    missing = [path for path in paths if not Path(path).exists()]
    if history and dry_run:
        raise click.UsageError("--history writes rows, and --dry-run changes nothing")
    if missing and not (prune and knows_files_below(database, missing)):
        raise click.UsageError(f"{missing[0]}: no such file or folder")
    with (
        reported(),
        progress("Importing") as on_progress,
        progress("Comparing") as on_compared,
    ):
        dialects = registered_dialects()
        options = ImportOptions(
            prune=prune,
            dry_run=dry_run,
            keep_text=not without_text,
            base_url=base_url,
            workers=workers,
            relate=relate,
            follow_links=follow_links,
            allow_empty=allow_empty,
            site=site_options(**about, dialects=dialects),
            dialects=dialects,
        )
        report = import_archive(
            database, paths, options, TerminalListener(on_progress, on_compared)
        )
    with_history = history and bool(report.read)
    _report_import(report, database if with_history else None, dry_run, follow_links, as_json)
    is_empty = not report.read and not report.removed and not prune
    if is_empty:
        _say_that_nothing_is_there(paths)
    if report.errors or is_empty:
        sys.exit(1)


def _say_that_nothing_is_there(paths: Sequence[str]) -> None:
    from .archive.files import nothing_read

    click.echo(printable(nothing_read(paths)), err=True)


def _report_import(
    report: Any, database: str | None, dry_run: bool, follow_links: bool, as_json: bool
) -> None:
    """Print the report of an import, after the history of the database, if one is given, was read.

    What was imported is in the database, though its history may be refused.
    """
    read = None
    try:
        if database is not None:
            read = _read_history(database, None, follow_links)
    finally:
        _print_import(report, dry_run, as_json, read)


def _print_import(report: Any, dry_run: bool, as_json: bool, history: Any = None) -> None:
    """Print the report of an import, and that of the history if it was read."""
    counts = {
        name: getattr(report, name)
        for name in (
            "read", "added", "updated", "unchanged", "rejected", "skipped", "removed",
            "parsed", "images",
        )
    }  # fmt: skip
    for note in report.notes:
        click.echo(printable(note), err=True)
    if as_json:
        errors = [{"path": e.path, "place": e.place, "reason": e.reason} for e in report.errors]
        found = {
            **counts,
            "dialects": report.dialects.read,
            "left_out": report.dialects.left_out,
            "extra": report.unplaced.counts,
            "errors": errors,
        }
        if history is not None:
            found["history"] = history.data()
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo(summary(counts, dry_run))
    if history is not None:
        _print_history(history, as_json=None if as_json else False)


def summary(counts: dict[str, int], dry_run: bool = False) -> str:
    """Return the counts of an import as one line."""
    done = (f"{counts[name]:,} {name}" for name in ("added", "updated", "unchanged", "rejected"))
    line = f"{counts['read']:,} read: {', '.join(done)}"
    for name in ("skipped", "removed"):
        if counts[name]:
            line += f", {counts[name]:,} {name}"
    if counts["images"]:
        line += f", {counts['images']:,} image{'s' * (counts['images'] != 1)} taken"
    return f"{line} (dry run: nothing was changed)" if dry_run else line


@newsfeed.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True))
@follow_links
@about_records
@as_json
def inspect(paths: tuple[str, ...], follow_links: bool, as_json: bool, **about: Any) -> None:
    """Print what an import of PATH would read, and why. Nothing is written.

    Prints for each dialect the site, the keys with their columns, the number of records
    that have them, and an example; then what is left out. A file that cannot be read is
    reported, and the exit status is 1.
    """
    from .archive.importing.inspection import data_of, inspect_archive, lines_of
    from .archive.importing.remembered_options import site_options

    with reported():
        dialects = registered_dialects()
        given = site_options(**about, dialects=dialects)
        found = inspect_archive(paths, given=given, follow_links=follow_links, dialects=dialects)
    if as_json:
        click.echo(json.dumps(data_of(found), ensure_ascii=False, indent=2))
    else:
        for error in found.errors:
            complain(error)
        for line in lines_of(found):
            click.echo(printable(line))
    if found.errors or not found.groups:
        sys.exit(1)


@newsfeed.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False))
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--site", metavar="URL", help="The site of entries, if their source does not name it."
)
@click.option("--drafts", is_flag=True, help="Take unpublished posts from exports as well.")
@as_json
def collect(folder: str, sources: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Write the entries of feeds and dumps as record files into FOLDER, one for each.

    SOURCE is a file, an address of the web, or - for standard input: RSS, Atom, JSON Feed, a
    list of feeds (OPML), an export of WordPress or Ghost, or an answer of NewsAPI, the
    Guardian or GDELT. May be repeated: changed entries are rewritten, nothing is deleted, and
    an address is only transferred if it changed. A source that is none of these is
    reported, all others are collected, and the exit status is 1.
    """
    from .archive.collect.run import collect, is_there

    for source in sources:
        if not is_there(source):
            raise click.UsageError(printable(f"{source}: no such file"))
    with reported(), progress("Collecting") as on_progress:
        report = collect(folder, sources, on_error=complain, on_progress=on_progress, **options)
    if as_json:
        click.echo(json.dumps(report.data(), ensure_ascii=False, indent=2))
    else:
        for note in report.notes():
            click.echo(printable(note), err=True)
        click.echo(report.summary())
    if report.errors:
        sys.exit(1)


@newsfeed.command()
@Database
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Overwrite files that differ.")
@as_json
def export(database: str, folder: str, force: bool, as_json: bool) -> None:
    """Write the files of DB back into FOLDER, byte for byte as they were read.

    A file that is there and differs is not overwritten without --force; nothing is
    ever written outside FOLDER. What is not written is reported, and the exit status
    is 1.
    """
    from .archive.exporter import export_archive

    with reported():
        report = export_archive(
            database,
            folder,
            force=force,
            on_error=lambda error: click.echo(printable(str(error)), err=True),
        )
    if as_json:
        counts = {"written": report.written, "unchanged": report.unchanged}
        errors = [{"path": error.path, "reason": error.reason} for error in report.errors]
        click.echo(json.dumps({**counts, "errors": errors}, ensure_ascii=False, indent=2))
    else:
        click.echo(
            f"{report.written:,} written, {report.unchanged:,} unchanged, "
            f"{len(report.errors):,} not written"
        )
    if report.errors:
        sys.exit(1)


@newsfeed.command()
@Database
@click.option("--again", is_flag=True, help="Compare the articles even if nothing changed.")
@as_json
def relate(database: str, again: bool, as_json: bool) -> None:
    """Find the stories of DB, and the most similar articles of each article.

    A story is news that several articles report within a few days. `import` does this at
    its end, except with --no-relate. No network is used.
    """
    from .archive.relate.run import relate_archive

    with reported(), progress("Comparing") as on_progress:
        related = relate_archive(database, again=again, on_progress=on_progress)
    if as_json:
        click.echo(json.dumps(asdict(related), indent=2))
    else:
        click.echo(
            f"{related.articles:,} articles, {related.compared:,} compared: "
            f"{related.in_stories:,} of them in {related.stories:,} stories, "
            f"{related.similar:,} similar pairs"
        )


@newsfeed.command()
@Database
@click.option(
    "--repo",
    metavar="REPO",
    type=click.Path(exists=True, file_okay=False),
    help="Read this repository, which may be bare, instead of those of the imported folders.",
)
@as_json
def history(database: str, repo: str | None, as_json: bool) -> None:
    """Find what changed in the articles of DB over time, in the git repository of their files.

    Reads the commits along first parents, follows renamed files and notes removed ones. May be
    repeated and interrupted: the next run reads only new commits. Nothing is fetched, and
    nothing that the repository's configuration names is run.
    """
    report = _read_history(database, repo)
    _print_history(report, as_json)


def _read_history(database: str, repo: str | None, follow_links: bool = False) -> Any:
    from .archive.history.run import read_history

    with reported(), progress("Reading history") as on_progress:
        return read_history(database, repo, registered_dialects(), on_progress, follow_links)


def _print_history(report: Any, as_json: bool | None) -> None:
    """Print a report; `as_json` None: it is part of another one, and only notes are printed."""
    for note in report.notes:
        click.echo(printable(note), err=True)
    if as_json:
        click.echo(json.dumps(report.data(), ensure_ascii=False, indent=2))
    elif as_json is not None:
        click.echo(report.summary())


@newsfeed.command()
@Database
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite OUT, if it is a database.")
@click.option(
    "--headlines-only",
    is_flag=True,
    help="Leave out articles whose record says that another article leads the story.",
)
@click.option(
    "query",
    "--filter",
    metavar="QUERY",
    help="Only the articles that the articles page shows for this query string: "
    "'_topic=AI&published_at__gte=2024'.",
)
@click.option(
    "--allow-stale",
    is_flag=True,
    help="Accept stories and similar articles that are older than the articles.",
)
@click.option(
    "with_history",
    "--history/--no-history",
    default=True,
    show_default=True,
    help="Keep what changed in the articles since they were published.",
)
@click.option(
    "--with-removed",
    is_flag=True,
    help="Of the history, also keep removed articles, drafts, and versions that were replaced "
    "before the article was published.",
)
@as_json
def prepare(
    database: str,
    out: str,
    force: bool,
    headlines_only: bool,
    query: str | None,
    allow_stale: bool,
    with_history: bool,
    with_removed: bool,
    as_json: bool,
) -> None:
    """Write OUT, the database to publish: compact, with statistics, no write-ahead log.

    DB itself is not changed. With a filter, OUT holds only the selected articles and
    what belongs to them. Prints the size of OUT, the number of its rows, and the commands
    that publish it.
    """
    from .archive.database import served_name
    from .archive.publish.commands import commands
    from .archive.publish.prepare import prepare_archive

    with reported():
        chosen = None
        if query is not None:
            served_name(database)
            from .pages.filters.selected_ids import chosen_articles

            chosen = chosen_articles(database, query)
        prepared = prepare_archive(
            database,
            out,
            force=force,
            chosen=chosen,
            headlines_only=headlines_only,
            allow_stale=allow_stale,
            with_history=with_history,
            with_removed=with_removed,
        )
    publish = commands(out)
    if as_json:
        report = {
            "size": prepared.size,
            "images_size": prepared.images_size,
            "rows": prepared.rows,
            "publish": publish,
        }
        click.echo(json.dumps(report, indent=2))
        return
    click.echo(
        f"{out}: {prepared.size:,} bytes, of which {prepared.images_size:,} are stored images"
    )
    for table, count in prepared.rows.items():
        click.echo(f"  {table}: {count:,}")
    click.echo("\nTo publish it on Cloud Run:")
    for command in publish:
        click.echo(f"  {command}")


@newsfeed.command()
@Database
@as_json
def metadata(database: str, as_json: bool) -> None:
    """Print a metadata file for DB: what the plugin shows by itself, to be changed.

    Datasette 0.65 takes it with -m; 1.0 wants the same file twice, with -m and -c.
    """
    from .archive.database import served_name

    with reported():
        name = served_name(database)
    # Which tables are hidden depends on the plugins there; `datasette` sees to it by itself.
    found = {"databases": {name: default_metadata.of_database(name, hides_references=False)}}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=90)
        click.echo(text, nl=False)


@newsfeed.command()
@Database
@click.option("--limit", type=click.IntRange(min=1), help="Request at most this many images.")
@click.option(
    "--max-age",
    metavar="DAYS",
    type=click.FloatRange(min=0, max=36_500),
    default=30,
    show_default=True,
    help="Request an image again if the last request is older than this.",
)
@click.option("--only-missing", is_flag=True, help="Only request images that have no stored copy.")
@click.option(
    "--concurrency",
    metavar="HOSTS",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Request from this many hosts at once, one image at a time from each.",
)
@as_json
def images(
    database: str,
    limit: int | None,
    max_age: float,
    only_missing: bool,
    concurrency: int,
    as_json: bool,
) -> None:
    """Fetch the images of DB from the web, and keep copies in DB.

    The command may be repeated and interrupted. Stored images are fetched again only if
    they changed, failed ones are tried again; the table image_fetches has the reason for
    each failure. Images of this machine or its network are never requested.
    """
    from .archive.images.fetch import fetch_images

    with reported(), progress("Fetching") as on_progress:
        report = fetch_images(
            database,
            max_age=timedelta(days=max_age),
            only_missing=only_missing,
            limit=limit,
            concurrency=concurrency,
            on_progress=on_progress,
        )
    if report.hostless:
        click.echo(
            f"{report.hostless:,} images have a URL without a host; say which site they "
            "belong to with `newsfeed import --base-url`",
            err=True,
        )
    counts = {name: report.outcomes[name] for name in OUTCOMES}
    if as_json:
        found = {"asked": report.wanted, "unchanged": report.unchanged, **counts}
        found["hostless"] = report.hostless
        click.echo(json.dumps(found, indent=2))
    else:
        said = [(counts["stored"], "stored"), (report.unchanged, "unchanged")]
        said += [(counts[name], name) for name in OUTCOMES[1:] if counts[name]]
        click.echo(
            f"{report.wanted:,} asked for: " + ", ".join(f"{n:,} {word}" for n, word in said)
        )
    if sum(counts[name] for name in OUTCOMES[1:]):
        click.echo("The table image_fetches says of each image why it was not stored.", err=True)


@sqlite_utils.hookimpl
def register_commands(cli: click.Group) -> None:
    """Put the group under `sqlite-utils`."""
    cli.add_command(newsfeed, name="newsfeed")

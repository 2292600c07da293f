"""Arguments, options and output that several commands have."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from .errors import (
    ArchiveError,
    BusyError,
    DiskError,
    OptionError,
    RecordError,
    RepositoryError,
    SelectionError,
    SourceError,
    WorkersError,
)

Database = click.argument("database", metavar="DB", type=click.Path(dir_okay=False))
as_json = click.option("as_json", "--json", is_flag=True, help="Print the result as JSON.")


def about_records(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how records are to be read."""
    options = (
        click.option(
            "--dialect",
            metavar="NAME",
            help="The format of the records, instead of the detected one.",
        ),
        click.option("--site", metavar="URL", help="The site that the records belong to."),
        click.option("--provider", metavar="NAME", help="The name of the publisher of the site."),
        click.option(
            "--timezone",
            "zone",
            metavar="ZONE",
            help="The zone of times without an offset, such as Europe/Paris.",
        ),
        click.option(
            "--permalink",
            metavar="PATTERN",
            help="How the site builds addresses, such as /:year/:month/:slug/.",
        ),
        click.option(
            "keys",
            "--map",
            metavar="KEY=COLUMN",
            multiple=True,
            help="Take a column from this key first. May be repeated.",
        ),
        click.option(
            "--drafts/--no-drafts",
            default=None,
            help="Read drafts as well. By default they are counted and left out.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


follow_links = click.option(
    "--follow-links", is_flag=True, help="Take files to which links lead out of PATH."
)


def printable(text: str) -> str:
    """Return text for a terminal: what would steer it is shown as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def complain(error: RecordError | SourceError) -> None:
    """Print an error as a line of standard error."""
    # On a terminal a progress bar may stand in this line.
    start = "\r\x1b[2K" if sys.stderr.isatty() else ""
    click.echo(start + printable(str(error)), err=True)


@contextmanager
def reported() -> Iterator[None]:
    """Say what went wrong with a database: exit 1 where trying again helps, else 2."""
    try:
        yield
    except (BusyError, DiskError, WorkersError) as error:
        raise click.ClickException(printable(str(error))) from error
    except (ArchiveError, OptionError, RepositoryError, SelectionError) as error:
        raise click.UsageError(printable(str(error))) from error


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, over what is to do."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if total == 0:
            return
        if bar is None:
            bar = click.progressbar(length=total, label=label, file=sys.stderr)
            bar.__enter__()
        bar.length = total
        bar.update(done - bar.pos)

    try:
        yield show
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


class TerminalListener:
    """Shows an import while it runs: errors as lines, progress as bars."""

    def __init__(
        self, progress: Callable[[int, int], None], compared: Callable[[int, int], None]
    ) -> None:
        self.progress = progress
        self.compared = compared

    def error(self, error: RecordError) -> None:
        """Print an error."""
        complain(error)

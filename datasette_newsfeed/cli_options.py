"""Arguments and options that several commands have."""

from __future__ import annotations

from collections.abc import Callable

import click

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

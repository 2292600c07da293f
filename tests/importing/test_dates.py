"""A date is read as its form says, or reported: no text is taken for another time.

The forms are those that docs/records.md prints from archive/dates.py.
"""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from commands import import_report, newsfeed, record, rows, write
from hypothesis import given
from hypothesis import strategies as st

from datasette_newsfeed.archive.dates import FORMS, DateError, leading_date, read_date

SHANGHAI = ZoneInfo("Asia/Shanghai")
WANTED = "2021-04-21T19:15:00Z"

READ = {
    # as written: the time in UTC
    "2021-04-21": "2021-04-21T00:00:00Z",
    "2021-4-1": "2021-04-01T00:00:00Z",
    "2021/04/21": "2021-04-21T00:00:00Z",
    "2013/7/13 20:46": "2013-07-13T20:46:00Z",
    "20210421": "2021-04-21T00:00:00Z",
    "20210421T191500Z": WANTED,
    "20210421T1915+0000": WANTED,
    " 2021-04-21T19:15:00Z ": WANTED,
    "2021-04-21T19:15Z": WANTED,
    "2021-04-21t19:15:00z": WANTED,
    "2021-04-21 19:15": WANTED,
    "2021-04-21 9:15": "2021-04-21T09:15:00Z",
    "2021-04-21T19:15:00.999999999Z": WANTED,
    "2021-04-21T19:15:00,5Z": WANTED,
    "2021-04-21 21:15:00 +0200": WANTED,
    "2021-04-21T21:15:00+02:00": WANTED,
    "2021-04-21T21:15:00+02": WANTED,
    "2021-04-21 14:15:00 -5": WANTED,
    "2021-04-21T19:15:00-00:00": WANTED,
    "2021-04-22T00:45:00+05:30": WANTED,
    "2021-04-21 19:15:00 UTC": WANTED,
    "2021-04-21 12:15:00 -0700 PDT": WANTED,
    "Wed, 21 Apr 2021 19:15:00 GMT": WANTED,
    "Wed, 21 Apr 2021 19:15 +0000": WANTED,
    "21 Apr 21 19:15:00 UT": WANTED,
    "Wed, 21 Apr 2021 15:15:00 EDT": WANTED,
    "Wed, 21 Apr 2021 14:15:00 EST": WANTED,
    "Wed, 21 Apr 2021 12:15:00 PDT": WANTED,
    "Wed, 21 Apr 2021 21:15:00 +0200 (CEST)": WANTED,
    "Wednesday, 21-Apr-21 19:15:00 GMT": WANTED,
    "Wednesday, 21-Apr-99 19:15:00 GMT": "1999-04-21T19:15:00Z",
    "1 September 2021": "2021-09-01T00:00:00Z",
    "1 Sept. 2021": "2021-09-01T00:00:00Z",
    "April 21, 2021": "2021-04-21T00:00:00Z",
    "Jul 08 2022": "2022-07-08T00:00:00Z",
    "apr 21, 2021, 19:15": WANTED,
    "2021.04.21": "2021-04-21T00:00:00Z",
    "2021-04-21, 19:15": WANTED,
    "2021-04-21 7:15 PM": WANTED,
    "2021-04-21 12:15am": "2021-04-21T00:15:00Z",
    "April 21st, 2021 7:15pm": WANTED,
    "3rd April 2021": "2021-04-03T00:00:00Z",
    "2021-04-21 20:15:00 UTC+01:00": WANTED,
    "2021-04-21 14:15:00 EST": WANTED,
    "Wed Apr 21 19:15:00 2021": WANTED,
    "Wed Apr 21 19:15:00 +0000 2021": WANTED,
    "Wed Apr 21 2021 21:15:00 GMT+0200 (Central European Summer Time)": WANTED,
}

REPORTED = (
    # Other separators: not a time with an offset, not a fraction of an hour.
    *("2021-04-21-19-15", "2021-04-21 19.15", "2021-04-21T19-15", "2021-04-21 19h15"),
    *("2021-04-21_19:15", "2021-04-21 at 19:15", "2021-04-21-19:15"),
    *("2021-04-21T1915Z", "20210421 1915", "20210421T19:15", "2021-04/21", "2021.04/21"),
    # Numbers without a unit
    *("1619032500", "1619032500000", "1619032500.5", "2021042119", "202104211915"),
    *("20210421191500", "18738", "44307.802", "0", "-1"),
    # The order of day and month is not said.
    *("04/05/2021", "21/04/2021", "4/5/21", "21.04.2021", "21-04-2021", "21 04 2021"),
    # Less than a day, and a day with an offset
    *("2021", "2021-04", "April 2021", "2021-W16", "2021-W16-3", "2021-111", "19:15", "Wed"),
    *("2021-04-21+02:00", "2021-04-21Z", "2021-04-21 +0200", "2021-04-21 UTC"),
    # Half a clock, and clocks that are none
    *("2021-04-21T19", "2021-04-21 19", "2021-04-21T19Z", "2021-04-21T19-05"),
    *("2021-04-21 19:15.30", "2021-04-21 19:15:", "2021-04-21T24:00", "2021-04-21T19:60"),
    *("2021-04-21 19:15 PM", "2021-04-21 0:15 AM", "2021-04-21 19:15:61", "2021-04-21T19:15:00:00"),
    # Two times, and offsets that no clock has
    *("2021-04-21 19:15-20:30", "2021-04-21/2021-04-22", "2021-04-21T19:15+25:00"),
    *("2021-04-21T19:15+02:60", "2021-04-21T19:15:00Z+02:00", "2021-04-21 19:15 +530"),
    # Names of zones that mean several
    *("2021-04-21 19:15 CET", "2021-04-21 19:15 IST", "21 Apr 2021 19:15 A"),
    # No such day
    *("2021-02-30", "2021-13-01", "2021-00-10", "0000-01-01", "31 Apr 2021", "12021-04-21"),
    *("21 Apr 21", "21 Avril 2021", "21 Apri 2021", "Foo, 21 Apr 2021"),
    *("yesterday", "now", "TBD", "2021-04-21 or so", "٢٠٢١-٠٤-٢١", "２０２１-04-21"),
    *("2021‑04‑21", "2021–04–21", "2021-04-21\n2021-04-22"),
)


@pytest.mark.parametrize("written", READ)
def test_read_as_meant(written: str) -> None:
    assert read_date(written).utc == READ[written]


@pytest.mark.parametrize("written", REPORTED)
def test_reported_and_not_guessed(written: str) -> None:
    with pytest.raises(DateError):
        read_date(written)


def test_every_form_has_examples_of_its_own() -> None:
    for form in FORMS:
        for example in form.examples:
            first = next(each for each in FORMS if each.pattern.fullmatch(example))
            assert first is form, example
            read_date(example)


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        (date(2021, 4, 21), "2021-04-21T00:00:00Z"),
        (datetime(2021, 4, 21, 19, 15), "2021-04-21T11:15:00Z"),
        (datetime(2021, 4, 21, 19, 15, 0, 999_999, tzinfo=UTC), WANTED),
        (datetime(2021, 4, 21, 21, 15, tzinfo=timezone(timedelta(hours=2))), WANTED),
        (20210421, "2021-04-21T00:00:00Z"),
    ],
)
def test_values_of_typed_syntaxes(value: object, utc: str) -> None:
    """TOML has dates of its own, JSON numbers; one without a zone is of the zone given."""
    assert read_date(value, SHANGHAI).utc == utc


@pytest.mark.parametrize(
    "value",
    [True, False, 1.5, 1619032500, 10**5000, None, [], {}, time(19, 15), float("nan"), b"2021"],
    ids=lambda value: type(value).__name__,
)
def test_values_that_are_no_dates(value: object) -> None:
    with pytest.raises(DateError):
        read_date(value)


def test_the_zone_of_a_site_is_of_its_times_and_not_of_its_days() -> None:
    for day in ("2021-04-21", "20210421", "21 April 2021", date(2021, 4, 21)):
        found = read_date(day, SHANGHAI)
        assert (found.is_day, found.utc) == (True, "2021-04-21T00:00:00Z")
    for naive in ("2021-04-21 19:15", "20210421T1915", "21 Apr 2021 19:15", "Apr 21 2021 19:15"):
        found = read_date(naive, SHANGHAI)
        assert (found.is_day, found.utc) == (False, "2021-04-21T11:15:00Z")
        assert found.time.date() == date(2021, 4, 21)
    assert read_date("2021-04-21 19:15Z", SHANGHAI).utc == WANTED
    # Clocks that go back show a time twice, and those that go forward pass one over.
    berlin = ZoneInfo("Europe/Berlin")
    assert read_date("2021-10-31 02:30", berlin).utc == "2021-10-31T00:30:00Z"
    assert read_date("2021-03-28 02:30", berlin).utc == "2021-03-28T01:30:00Z"


def test_years_beyond_the_calendar() -> None:
    assert read_date("0001-01-02").utc == "0001-01-02T00:00:00Z"
    for written in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(DateError, match="1 to 9999"):
            _ = read_date(written).utc
    with pytest.raises(DateError, match="1 to 9999"):
        _ = read_date("0001-01-01 00:00", SHANGHAI).utc


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-48, 56))
def test_any_time_in_any_form(moment: datetime, quarters: int) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    moment = moment.replace(microsecond=0, tzinfo=zone)
    utc = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    offset = f"{moment:%z}"
    for written in (
        moment.isoformat(),
        moment.isoformat(" ").replace("-", "/", 2),
        f"{moment:%Y-%m-%d %H:%M:%S} {offset}",
        f"{moment:%Y%m%dT%H%M%S}{offset}",
        format_datetime(moment),
        f"{moment:%A, %d-%b-%Y %H:%M:%S} {offset}",
        f"{moment:%B} {moment.day}, {moment.year} {moment:%H:%M:%S} {offset}",
        f"{moment:%a %b %d %H:%M:%S} {offset} {moment.year}",
        f"{moment:%a %b %d %Y %H:%M:%S} GMT{offset}",
        moment,
    ):
        assert read_date(written).utc == utc, written


def test_no_other_way_to_join_the_numbers_is_another_time(record_property: Any) -> None:
    """Each way to write one time is read as that time or reported."""
    count = 0
    days = (
        "2021{0}04{0}21",
        "2021{0}4{0}21",
        "21{0}04{0}2021",
        "04{0}21{0}2021",
        "21{0}Apr{0}2021",
    )
    clocks = ("19{0}15", "19{0}15{0}00", "19{0}15{0}00.0", "19")
    for day, mark, join, clock, colon, zone in itertools.product(
        days,
        ("-", "/", ".", "", " ", "_", ":"),
        ("T", " ", "  ", "-", "_", ".", ", ", "", " - ", "+"),
        clocks,
        (":", ".", "-", "", "h", ","),
        ("", "Z", " UTC", "+00:00", " -0000", "-00"),
    ):
        written = day.format(mark) + join + clock.format(colon) + zone
        count += 1
        try:
            assert read_date(written).utc == WANTED, written
        except DateError:
            continue
    record_property("cases", ("ways to write one time", count))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2021-04-01-title", "2021-04-01"),
        ("2021-4-1-title", "2021-04-01"),
        ("2021/04/01/title", "2021-04-01"),
        ("2021-04-21-19-15", "2021-04-21"),
        ("2021-04-01", "2021-04-01"),
        ("2021-04-011", None),
        ("2021-13-45-title", None),
        ("2021-4/1", None),
        ("title-2021-04-01", None),
        ("20210401", None),
        ("a", None),
    ],
)
def test_the_day_that_a_name_begins_with(name: str, day: str | None) -> None:
    assert leading_date(name) == day


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("1619032500000", f"if it counts the milliseconds since 1970, write {WANTED}"),
        ("1619032500", f"if it counts the seconds since 1970, write {WANTED}"),
        ("21.04.2021", "write the year first, then the month"),
        ("2021-04-21+02:00", "a day has no offset: remove it, or add a time"),
        ("2021-02-30", "day is out of range for month"),
        ("2021-04-21 19:15-20:30", "-20:30 is no offset from UTC"),
    ],
)
def test_the_report_says_what_to_do(written: str, hint: str, tmp_path: Path) -> None:
    """At the key, with what was found; and for a related article likewise."""
    db = tmp_path / "news.db"
    write(tmp_path / "records" / "a.md", record("A", f"publishedDateTime: {written}"))
    write(tmp_path / "records" / "b.md", record("B", f'updatedDateTime: "{written}"'))
    write(
        tmp_path / "records" / "c.md",
        record("C", f"related: [{{title: D, publishedDateTime: {written}}}]"),
    )
    write(tmp_path / "records" / "good.md", record("Good", f"publishedDateTime: {WANTED}"))
    report = import_report(db, tmp_path / "records", status=1)
    assert [(error["place"], error["reason"]) for error in report["errors"]] == [
        (place, f"expected a date such as 2021-04-21 or {WANTED}, found “{written}”; {hint}")
        for place in ("publishedDateTime", "updatedDateTime", "related[0].publishedDateTime")
    ]
    assert rows(db, "select id, published_at from articles") == [("good", WANTED)]


def test_in_other_dialects_a_date_in_no_known_form_is_kept_and_said(tmp_path: Path) -> None:
    """There a value that does not fit rejects nothing; but it is not passed over in silence."""
    db = tmp_path / "news.db"
    for name, line in (
        *(("a", "date: 1619032500000"), ("b", "pub-date: 21/04/2021"), ("c", "date: 2021-04-21")),
        *(("d", "date: 2021-04-21\ncreated: by hand"), ("e", "published: false\ndraft: false")),
    ):
        write(tmp_path / "records" / f"{name}.md", f"---\ntitle: A\n{line}\ntags: [x]\n---\nText\n")
    outcome = newsfeed("import", db, tmp_path / "records")
    assert outcome.status == 0
    (said,) = [line for line in outcome.stderr.splitlines() if "date" in line and "2 files" in line]
    assert said == (
        "2 files have a date that cannot be read; it is kept in `extra`: a.md: date: expected a "
        f"date such as 2021-04-21 or {WANTED}, found “1619032500000”; if it counts the "
        f"milliseconds since 1970, write {WANTED}"
    )
    found = dict(rows(db, "select id, published_at from articles"))
    assert (found["a"], found["b"], found["c"]) == ("", "", "2021-04-21T00:00:00Z")

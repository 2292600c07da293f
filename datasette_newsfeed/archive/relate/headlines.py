"""Which article leads a story: its headline."""

from __future__ import annotations

HEADLINE_FIRST = """\
published IS 0, coalesce(heat, 0) DESC, coalesce(quality, -1) DESC, published_at,
utf8(articles.id)"""
"""The order of a story's articles, the headline first: the published one of the greatest heat,
then of the greatest quality, then the earliest. utf8(): the same in each encoding."""

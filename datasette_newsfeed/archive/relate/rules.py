"""When articles are alike, when they tell the same news, and which of them leads: the rules.

How alike two texts are is in millionths of the product of two equal vectors, ONE. The numbers
were fitted to `benchmarks/related/samples.yml` and the odd topics of ECB+: see docs/related.md.
Whoever changes one raises VERSION in `state`, so that each archive is computed again.
"""

from __future__ import annotations

DAY = 86_400
WEEK = 7 * DAY

# Similar articles.
MOST_SIMILAR = 10
"""Articles listed for each one."""
MOST_HOLDERS = 200
"""A term of more articles finds none: so the time grows with the number of articles."""
LEAST_LIKE = 30_000
NEARNESS = 200_000
"""Added for the same moment; half of that after a week."""

# Stories.
MOST_APART = 5 * DAY
"""News is told within days."""
MOST_SPAN = 7 * DAY
"""Seconds from a story's first article to its last."""
PER_DAY = 60_000
"""So much less alike are two articles for each day between them."""
LEAST_ALIKE = 30_000
"""Less says nothing."""
MOST_ALIKE = 200
"""Articles that each one is compared with, the most alike first."""
MOST_NEAR = 12
NEAR_SHARE = 45
"""The profile of an article: the 12 most like it, of at least 45 % of the likeness of the first."""
LEAST_SHARED = 50_000
BAR = 50_000
BAR_DOUBLING = 15_000
"""What two profiles must share: more by so much where twice as many articles come in a day."""
EVIDENCE = 1_600_000
"""What two texts must share: so many terms of mean weight."""
MOST_CROWDED = 250
"""A term of more articles in five days finds no story."""
LEAST_TERMS = 6
COPY = 5
"""A copy shares all but one in five of the terms of both; shorter texts are alike by chance."""

# Headlines.
HEADLINE_FIRST = """\
published IS 0, coalesce(heat, 0) DESC, coalesce(quality, -1) DESC, published_at,
utf8(articles.id)"""
"""The order of a story's articles, the headline first: the published one of the greatest heat,
then of the greatest quality, then the earliest. utf8(): the same in each encoding."""

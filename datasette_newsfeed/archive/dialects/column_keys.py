"""The keys of a front matter, and the column that each is read into.

One ordered list of synonyms a column; the first whose value fits is taken. docs/archives.md
shows them.
"""

from __future__ import annotations

TITLE = ("title", "name", "headline", "seo_title")
PUBLISHED_AT = (
    *("date", "publishDate", "pubDate", "published_at", "published", "published_on"),
    *("datePublished", "published_date", "post_date", "posted", "created", "createdAt"),
    *("created_on", "dateCreated", "creation_date", "first_published", "pubDatetime"),
    *("publication_date", "published_time", "publish_time", "posted_on", "date_posted"),
    *("created_date", "create_date", "create_time", "datetime", "timestamp", "date.created"),
)
UPDATED_AT = (
    *("updated", "lastmod", "modified", "updated_at", "updated_on", "updatedDate", "date_updated"),
    *("last_modified_at", "last_modified", "dateModified", "modified_at", "date_modified"),
    *("last_update.date", "last_updated", "revised", "modDatetime", "mod_date", "update_date"),
    *("updated_time", "update_time", "modified_date", "edited", "date.updated"),
)
TOPICS = (
    *("tags", "topics", "categories", "category", "series", "tag", "topic", "subjects"),
    *("taxonomies.tags", "taxonomies.topics", "taxonomies.categories", "taxonomies.category"),
    *("taxonomies.series", "taxonomy.tag", "taxonomy.category"),
)
AUTHORS = (
    *("authors", "author", "byline", "taxonomies.authors", "taxonomies.author", "extra.authors"),
    *("extra.author", "params.authors", "params.author", "by", "writer", "writers"),
)
MAIN_AUTHORS = frozenset(
    ("authors", "author", "taxonomies.authors", "taxonomies.author", "extra.authors")
)
"""Of these, all that a record has are taken; of the others the first, where these name nobody."""
EXCERPT = (
    *("excerpt", "description", "summary", "abstract", "teaser", "spoiler", "blurb", "deck"),
    *("dek", "standfirst", "lede", "lead", "intro", "subtitle", "meta.description"),
    *("seo.description", "extra.description", "params.description"),
)
IMAGE = (
    *("image", "cover", "cover_image", "coverImage", "hero", "hero_image", "heroImage"),
    *("featured_image", "feature_image", "featured", "feature", "primary_image", "lead_image"),
    *("thumbnail", "thumb", "banner", "banner_image", "header_image", "header.image"),
    *("header.overlay_image", "header.teaser", "photo", "picture", "teaser_image", "card_image"),
    *("og_image", "ogImage", "social_image", "socialImage", "share_image", "twitter_image"),
    *("twitterImg", "images", "extra.image", "extra.cover", "extra.cover_image"),
    *("params.image", "params.cover", "preview_image", "img", "header_img", "cover_img"),
    *("thumbnail_img", "feature_img", "featured_img", "main_image", "title_image", "post_image"),
    *("index_img", "banner_img", "top_img", "share_img", "meta_image", "image_url", "hero_img"),
    *("thumbnail_image", "thumb_image", "poster", "eyecatch", "background", "bigimg", "photos"),
    *("og.image", "seo.image", "social.image", "meta.image", "extra.og_preview_img"),
    *("extra.thumbnail", "extra.featured_image", "params.featured_image", "params.thumbnail"),
)
LANGUAGE = ("lang", "language", "locale", "language_code", "languageCode")
CANONICAL = ("canonical_url", "canonical", "canonicalUrl")
ADDRESS = ("permalink", "url", "path", "link", "external_url", "externalUrl", "redirect_to")
ORIGINAL = ("source_url", "original_url", "original", "source", "via", "link")
SLUG = ("slug",)

COLUMNS = {
    "title": TITLE,
    "published_at": PUBLISHED_AT,
    "updated_at": UPDATED_AT,
    "topics": TOPICS,
    "authors": AUTHORS,
    "excerpt": EXCERPT,
    "image": IMAGE,
    "language": LANGUAGE,
    "url": CANONICAL,
    "original_url": ORIGINAL,
    "type": (),
    "category": (),
    "heat": (),
    "quality": (),
}
"""The keys that each column is taken from, in this order; `--map KEY=COLUMN` puts one first."""

"""Every SELECT of a page, and the way from rows back to Cards. Knows no HTML and no request.

A query is asked with a ArchiveView: one archive as one visitor may see it; nothing
is shown of a table that he may not see. One query per kind of thing, never one
a card. SQL here runs on SQLite 3.34.
"""

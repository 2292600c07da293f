"""Every SELECT of a page, and the models that are made from its rows.

Queries run through an ArchiveView: one archive as one visitor may see it. Nothing is shown of
a table that the visitor may not see. There is one query per kind of thing, never one per card.
The SQL runs on SQLite 3.34.
"""

"""Full text search: what of an article is searched, how words are compared, how a query is read.

`plain_text` removes markup, `index_terms` turns text into the terms of the index, `query` reads
what a visitor types, `tables` holds the SQL of the index, `index` writes it, `highlights` finds
again in a text what a query matched. Pages and importer share this package, so that a query and
the index always agree.
"""

"""`newsfeed collect`: feeds and dumps become record files.

A source is read into a `Feed` of `Entry` objects by the one format that recognises it; a
`Folder` writes one record file for each entry.
"""

"""Feeds: Atom, RSS and JSON Feed of any selection of articles."""

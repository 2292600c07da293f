"""Which databases are archives, and which of their tables this visitor may see."""

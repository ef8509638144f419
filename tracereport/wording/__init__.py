"""Numbers, units, names and sentences: the only place where a figure becomes a word."""

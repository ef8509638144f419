"""The page in a real browser: what a reader sees, does and hears."""

"""A shop whose pages ask the database too often, and the same pages mended."""

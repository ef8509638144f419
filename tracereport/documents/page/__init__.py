"""The page: one HTML file with its tables, charts and scripts."""

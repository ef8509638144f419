"""The project's own trace line: lines -> calls."""

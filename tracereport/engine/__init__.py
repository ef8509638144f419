"""Puts the report together from all measures."""

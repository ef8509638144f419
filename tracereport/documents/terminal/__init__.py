"""The text report: its sections in lines that fit a width, one finding in full, and the brief form."""

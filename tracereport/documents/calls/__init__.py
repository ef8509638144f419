"""Documents made of the calls themselves, not of the report."""

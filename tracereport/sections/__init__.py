"""How each section of the report is shown, once for all documents."""

"""What a log's collector wrote around each line: its form is learnt from the lines with the mark, and taken off."""

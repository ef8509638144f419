"""The page's charts: in words and rows what each shows, and the values that its drawing is filled with."""

"""The finished report against a baseline, gates and acceptances; and what is hidden in it."""

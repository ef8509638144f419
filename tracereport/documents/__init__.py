"""Report -> documents: text, Markdown, HTML and the formats of other tools. Never looks at calls."""

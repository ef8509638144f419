"""Speed and memory, measured by commands of their own: tests say what is right, these say what it costs."""

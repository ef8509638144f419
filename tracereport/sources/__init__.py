"""Input -> calls: one file or folder per format, and the streams that they read from."""

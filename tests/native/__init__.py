"""Tests of the native library, of how it is built and of what it does with hostile bytes."""

"""One file a schema revision, numbered in order."""

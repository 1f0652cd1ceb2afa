"""What was delivered, checked without the service: docs/PROTOCOL.md and docs/MANIFEST.md with Python's standard library alone.

Nothing here imports anything of the package around it, or of any other: it can be read, and taken, by itself.
"""

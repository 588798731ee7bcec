"""Locks, atomic files and SQLite databases, with one rule for each.

Waiting for a lock ends with an error that names its holder (``locks``); a file
is replaced whole or not at all (``atomic``); only a damaged or outdated database that can be built
again is deleted, never a busy one (``sqlite``).

Two rooms write files in their own way: the journal appends to day files (``journal/dayfiles``), and
the site replaces many files at once (``site/storage``).
"""

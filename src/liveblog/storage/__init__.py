"""Locks, atomic files and SQLite databases: the ways in which this program writes to a disk.

Each has one rule: waiting for a lock ends with an error that names its holder (``locks``); a file
is replaced whole or not at all (``atomic``); only a damaged or outdated database that can be built
again is deleted, never a busy one (``sqlite``).
"""

"""Locks, atomic files and SQLite databases: the three ways in which this program touches a disk.

One rule for each, whoever uses it: a lock that is held says who holds it and gives up in the end
(``locks``), a file is replaced whole or not at all (``atomic``), and only a damaged or outdated
database that can be made again is deleted, never a busy one (``sqlite``).
"""

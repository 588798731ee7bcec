"""Everything that touches a disk: locks, atomic files, SQLite databases, paths, the render cache.

- ``locks``: waiting for a lock ends with an error that names its holder;
- ``atomic``: a file is replaced whole or not at all;
- ``inside``: a path from outside cannot lead out of a folder;
- ``sqlite``: only a damaged or outdated database that can be built again is deleted, never a busy
  one;
- ``paths``: where a blog's files are; ``cache``: rendered texts, bounded in bytes.

Two rooms write files in their own way: the journal appends to day files (``journal/dayfiles``), and
the site replaces many files at once (``site/storage``).
"""

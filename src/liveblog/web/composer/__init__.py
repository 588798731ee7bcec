"""The composer: the pages that people write with."""

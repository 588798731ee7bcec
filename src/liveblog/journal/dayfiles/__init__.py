"""The journal as plain files, one for each day: ``entries/2012/07/2012-07-15.jsonl``."""

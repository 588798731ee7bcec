"""Exports: the journal written in other forms, to be read elsewhere or to come back."""

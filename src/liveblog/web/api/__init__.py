"""The API: JSON over HTTP."""

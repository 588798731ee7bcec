"""Plain data: entries and drafts, periods, limits, permissions, addresses, errors."""

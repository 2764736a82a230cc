"""One file a page: widgets, one call into core, pictures."""

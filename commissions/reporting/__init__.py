"""Reports for affiliates and merchants: over which days, by what, in which columns."""

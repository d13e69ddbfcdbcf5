"""Position sizing: what a sizer looks at, the signals and the book that it learns from, and how it is fitted."""

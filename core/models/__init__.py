"""The convolutional networks of chapter 4, as plain modules; `catalogue` lists and builds them by name."""

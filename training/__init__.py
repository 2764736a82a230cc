"""Commands for long work: each parses its arguments, calls core, shows how far it is, and exits."""

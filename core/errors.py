"""The one kind of error whose text is meant for the person at the screen."""


class UserError(ValueError):
    """Something the user can mend. The text is one sentence: what was wrong, what was expected, what to do next."""

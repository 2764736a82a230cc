"""The one kind of error whose text is meant for the person at the screen."""


class UserError(ValueError):
    """An error that the user can correct. Its text is a sentence: what is wrong, what is expected, what to do next."""

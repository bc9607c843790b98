"""The one error of the build: a sentence for whoever ran `make build`."""


class BuildError(Exception):
    """The build cannot go on."""

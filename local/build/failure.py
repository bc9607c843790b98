"""The one error of the build: a sentence for whoever ran `make build`."""


class BuildFailure(Exception):
    """The build cannot go on."""

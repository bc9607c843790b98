"""What was read cannot be read, opened or believed."""

from carillon.domain.errors.root import CarillonError


class MalformedMessage(CarillonError, ValueError):
    """A message could not be read."""

    code = "malformed_message"


class MalformedRow(CarillonError, ValueError):
    """A stored row could not be read."""

    code = "malformed_row"


class ArchiveTooLarge(CarillonError):
    """The archive holds more beside this run than can be looked through in a request."""

    code = "archive_too_large"


class SecretMissing(CarillonError):
    """A secret that the job names is not set."""

    code = "secret_missing"


class SealError(CarillonError):
    """Sealed bytes could not be opened: they were altered, cut, or meant for something else."""

    code = "seal_error"


class AuditIncomplete(CarillonError):
    """A day of the audit archive is not complete."""

    code = "audit_incomplete"

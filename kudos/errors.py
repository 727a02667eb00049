"""Why a message is refused.

* KudosError
  * Rejected          the message is at fault: dead-letter it, commit, go on
  * Misconfigured     we are at fault: stop before consuming

Anything else is a bug or an outage: let it end the process, uncommitted.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The closed list of reasons; the exception, the metric's label and the header share it."""

    UNREADABLE = "unreadable"  # not the format it says it is
    INVALID_FIELD = "invalid_field"  # a field is missing, of a wrong type or impossible
    TOO_DEEP = "too_deep"  # nested beyond what any vendor sends
    UNSEALABLE = "unsealable"  # sealed to a key that its reader does not hold


class KudosError(Exception):
    """Base of every error raised on purpose."""


class Rejected(KudosError):
    """This one message can never succeed; *detail* names a field, never its value."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Misconfigured(KudosError):
    """A setting is missing or wrong; the message names which, and says how it should be."""

"""Errors that a user can mend: each message is one sentence with the place, the fault and the mend."""

__all__ = ["CheckpointError", "ConfigError", "M3Error", "RunError", "SurveyError"]


class M3Error(ValueError):
    """Base of every error caused by input; command lines and pages show its message alone."""


class SurveyError(M3Error):
    """A survey folder or an input file that is missing, malformed or of another version."""


class CheckpointError(M3Error):
    """A checkpoint whose tensors or configuration are not those of the model it names."""


class ConfigError(M3Error):
    """A setting that is unknown or impossible."""


class RunError(M3Error):
    """A run folder that is missing, incomplete or busy."""


def one_sentence(error: BaseException) -> str:
    """What to show a user for `error`: its message on one line; for the system's faults which file and why."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}; free space or choose another folder, then run the same command again."
    return " ".join(str(error).split()) or type(error).__name__

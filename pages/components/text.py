"""Text from files inside Streamlit, which reads Markdown nearly everywhere."""

import re

__all__ = ["literal"]

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: object, length: int = 200) -> str:
    """The text as it stands: every mark that Markdown, LaTeX, colour or emoji codes could read is escaped."""
    flat = " ".join(str(text).split())
    if len(flat) > length:
        flat = flat[: length - 1] + "…"
    return PUNCTUATION.sub(r"\\\1", flat)

"""Text from files inside Streamlit, which reads Markdown nearly everywhere."""

import re

__all__ = ["component_key", "literal", "sentence"]

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def component_key(text: str) -> str:
    """A key for a component of ours: Streamlit raises at two underscores in a row, as names may have them."""
    return text.replace("__", "_.")


def literal(text: object, length: int = 200) -> str:
    """The text as it stands: every mark that Markdown, LaTeX, colour or emoji codes could read is escaped."""
    flat = " ".join(str(text).split())
    if len(flat) > length:
        flat = flat[: length - 1] + "…"
    return PUNCTUATION.sub(r"\\\1", flat)


def sentence(text: str, length: int = 600) -> str:
    """A fault's text as a sentence, as it stands: with a capital and a full stop."""
    capital = text[:1].upper() + text[1:]
    return literal(capital if capital.endswith((".", "!", "?")) else f"{capital}.", length)

"""Text from files inside plotly, which reads a little HTML in every title, name and hover text."""

import html
from collections.abc import Iterable

__all__ = ["needs_escape", "plain", "shortened"]


def plain(text: object) -> str:
    """The text as it stands: '<b>' is shown, not obeyed."""
    return html.escape(" ".join(str(text).split()), quote=False)


def shortened(text: str, length: int = 28) -> str:
    """At most `length` characters, the middle left out: names of a catalogue often differ in their ends."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[-tail:]}"


def needs_escape(texts: Iterable[object]) -> bool:
    """Whether any text would be read as HTML."""
    return any(set(str(text)) & {"<", ">", "&"} for text in texts)

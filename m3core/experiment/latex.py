"""Tables as LaTeX: every text from a file is escaped."""

from collections.abc import Mapping, Sequence

__all__ = ["escaped", "tabular"]

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def escaped(text: object) -> str:
    """The text as LaTeX prints it literally, on one line."""
    return "".join(SPECIAL.get(sign, sign) for sign in " ".join(str(text).split()))


def tabular(head: Mapping[str, str], rows: Sequence[Sequence[str] | None], caption: str) -> str:
    """A table environment, in small type: it is made for a page's width (`table*` of a journal in two columns).

    Args:
        head: title of a column -> 'l' or 'r', the side it is set to. Texts are LaTeX already, as are those of `rows`
            and `caption`.
        rows: cells; None draws a line.
    """
    body = [r"\hline" if row is None else " & ".join(row) + r" \\" for row in rows]
    lines = [
        r"\begin{table*}", r"\centering", r"\small", rf"\caption{{{caption}}}",
        rf"\begin{{tabular}}{{{''.join(head.values())}}}", r"\hline", " & ".join(head) + r" \\", r"\hline", *body,
        r"\hline", r"\end{tabular}", r"\end{table*}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"

"""Variability types in VSX notation: ':' uncertain, '|' one or the other, '+' both, '/' a subtype.

Source: the AAVSO International Variable Star Index, https://vsx.aavso.org/index.php?view=about.vartypes
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["UNCERTAIN", "Variability", "label_of", "parse_type"]

Uncertain = Literal["unlabelled", "drop", "certain"]
UNCERTAIN: tuple[Uncertain, ...] = ("unlabelled", "drop", "certain")
"""What becomes of a source whose type is uncertain ('ROT:') or ambiguous ('EA|EB')."""


@dataclass(frozen=True)
class Variability:
    """A variability type as it was read.

    Attributes:
        raw: as the catalogue has it.
        alternatives: main types, without subtypes and signs of doubt, of what it may be: ('EA', 'EB') of 'EA|EB', one
            where it is clear; of several types at once they stay joined ('EA+ROT').
        uncertain: a ':' stands somewhere.
    """

    raw: str
    alternatives: tuple[str, ...]
    uncertain: bool

    @property
    def doubt(self) -> str:
        """'' where there is one certain type, else 'class uncertain' or 'class ambiguous'."""
        if len(self.alternatives) > 1:
            return "class ambiguous"
        return "class uncertain" if self.uncertain else ""


def parse_type(raw: str) -> Variability:
    """Read a type: 'ROT:', 'EA|EB', 'EA+ROT', 'RRAB/BL'."""
    alternatives = []
    for choice in raw.split("|"):
        parts = [part.replace(":", "").split("/")[0].strip() for part in choice.split("+")]
        joined = "+".join(dict.fromkeys(part for part in parts if part))
        if joined:
            alternatives.append(joined)
    return Variability(raw, tuple(dict.fromkeys(alternatives)), ":" in raw)


def label_of(raw: str | None, uncertain: Uncertain) -> tuple[str | None, str]:
    """The label of a source, None where its type is unknown or in doubt, and the kind of doubt ('' if none).

    With 'certain' a single type is taken as if its ':' were not there; one of several stays unlabelled all the same.
    """
    if raw is None:
        return None, ""
    found = parse_type(raw)
    if not found.alternatives:
        return None, ""
    if not found.doubt:
        return found.alternatives[0], ""
    if uncertain == "certain" and len(found.alternatives) == 1:
        return found.alternatives[0], "uncertain class taken as certain"
    return None, "uncertain class dropped" if uncertain == "drop" else found.doubt

"""What a label of the VSX says of the variability: a pulsation, eclipses, or neither.

VSX notation (https://www.aavso.org/vsx/index.php?view=about.vartypes): ':' uncertain, '|' or, '+' and, '/' subtype.
"""

import re
from typing import Literal

__all__ = ["Variability", "variability_of"]

Variability = Literal["pulsating", "eclipsing", "unknown"]

_PULSATING = """RR RRAB RRA RRB RRC RRD RRE RRLYR RRL ARRD BLAZHKO CEP DCEP DCEPS ACEP ACEPS CW CWA CWB CWBS T2CEP RV
    RVA RVB BLHER BLH WVIR DSCT DSCTC DSCTR HADS HADSB SXPHE BCEP BCEPS SPB GDOR ROAP ROAM M MIRA SR SRA SRB SRC SRD SRS
    L LB LC LPV OSARG OSARGS ZZ ZZA ZZB ZZO PVTEL PULS RPHS V361HYA V1093HER BLAP ACYG"""
_ECLIPSING = "E EA EB EW EC ED ESD ECL EP EBA ECLIPSING DETACHED CONTACT ALGOL WUMA NC NONCONTACT"
PULSATING, ECLIPSING = frozenset(_PULSATING.split()), frozenset(_ECLIPSING.split())
"""Types without their subtypes: 'DCEP(B)' and 'EA/RS' are looked up as 'DCEP' and 'EA'."""

SPELLED = re.compile(r"[^A-Z0-9()/]")


def variability_of(label: str | None) -> Variability:
    """'pulsating', 'eclipsing' or, for labels that are neither or not known here, 'unknown'.

    Of several types ('DSCT+EA', 'EA|EB') the first that is known decides.
    """
    for part in re.split(r"[|+]", (label or "").upper()):
        name = SPELLED.sub("", part)
        for one in (name, name.split("/")[0], name.split("(")[0]):
            if one in PULSATING:
                return "pulsating"
            if one in ECLIPSING:
                return "eclipsing"
    return "unknown"

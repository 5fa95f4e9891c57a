"""What every column of the list is: formula, direction and range."""

import streamlit as st

from m3core.label_issues.readouts import N_FOLDS, NEIGHBOURS
from m3core.label_issues.score import FEWEST
from m3core.periods.check import CLEAR, CYCLES, MOST_HARMONICS, SIGNIFICANT

__all__ = ["formulas"]


def formulas() -> None:
    """The formulas, on demand."""
    with st.popover("Formula, direction and range of each column", icon=":material/functions:"):
        st.markdown(
            f"""
**Labels.** *Higher is more suspect.*

- **p** of a class, 0 to 1: out of sample, from {N_FOLDS}-fold cross-validation, so that no model saw the label that it
  judges. Geometric mean of trees and of Gaussians, each on the embeddings and on hand-made features with the catalogue.
- **score** = t / (t + p), 0 to 1, with p of the given label and t its mean over the sources that bear it (the class's
  threshold of confident learning, Northcutt et al. 2021). 0.5: believed as much as is usual in the class.
- **embeddings** is the same score from embeddings alone.
- **margin** = p of the suggested class − p of the label, −1 to 1.
- **issue**: confident learning (cleanlab) takes the label for wrong: p of another class is above that class's t.
- **against**: modalities whose {NEIGHBOURS} nearest neighbours say the suggested class; **of** so many that have a say.
- **distance** = 1 − cosine to the centre of the own label's class, the source left out, 0 to 2 (the paper's ranking).
- Of a class with fewer than {FEWEST} labelled sources nothing is said.

**Periods.** *Lower cost is better.*

- **cost**(P) = min over h ≤ {MOST_HARMONICS} of N ln(1 − Qₕ(P)) + B (2h + 1) ln N; Qₕ: share of the variance that h
  harmonics explain, N points in B bands, all bands together. It is the Bayesian information criterion.
- A period is called wrong where another gains more than {CLEAR:g} over it and {SIGNIFICANT:g} over a constant. Unless
  it is P/n, it must also fit clearly better: Q(P) < 0.6 Q, or 1 − Q(P) > 3 (1 − Q), and {CYCLES} of its cycles fit into
  the time span.
- P/2 is no alias where the curve folded on it has one even, sharp minimum, or an even one in a class that lists such
  curves at twice their period in three of ten stars: that is half the orbit of a binary.
- **power**: share that one sine explains (Lomb-Scargle), 0 to 1. **string length** (Lafler & Kinman 1965): 0 smooth, 1
  scatter. In brackets behind a period: one
  standard error, in units of the last digit.
"""
        )

"""What each column of the list is: formula, direction and range."""

import streamlit as st

from m3core.outliers.detectors import N_TREES
from m3core.outliers.score import Outliers
from pages.components.text import literal

__all__ = ["formulas"]


def formulas(found: Outliers) -> None:
    """The formulas, on demand."""
    names = ", ".join(literal(name) for name in found.evidence) or "none"
    with st.popover("Formula, direction and range of each column", icon=":material/functions:"):
        st.markdown(
            f"""
In every column **higher is odder**.

- **surprise_m** S = zᵀ (C + 0.1)⁻¹ z / K, 0 upwards. z: residuals of the K descriptors of modality m (columns, features
  of a light curve, shape of a spectrum), predicted by kernel ridge regression from the descriptors of the other
  modalities, each source by a fit without it, in standard deviations of such residuals where the source lies; C:
  their correlations. Predicted here: {names}.
- **disagreement** = Σₘ Sₘ / q₈₄(Sₘ), 0 upwards; q₈₄ is the 84th percentile over the survey, so that a modality
  of an ordinary source adds 1 or less.
- **events_m**: S of the descriptors of light curve m that an outburst or a fading changes (runs of epochs, drift,
  skew).
- **score** = disagreement + Σₘ eventsₘ / q₈₄(eventsₘ), 0 upwards. A modality that is missing counts as its median.
- **cosine_disagreement**, from embeddings alone: over each two modalities and both ways, the mean share of other
  sources that are more like the source's one modality in the other than the source itself; 0 to 1, chance is 0.5.
- **isolation_forest_m** = 2^(−E[path length] / c(n)) in {N_TREES} isolation trees on the embedding, 0 to 1.
- **neighbour_distance_m**: mean of 1 − cosine to the ten nearest other sources, 0 to 2.
- **centre_distance_m**: 1 − cosine to the centre of the source's own class, 0 to 2; empty without a label.
- **percentile**: share of sources that rank lower by the chosen column, 0 to 100.
"""
        )

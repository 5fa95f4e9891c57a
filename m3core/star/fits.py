"""Tables of a star: its ephemeris in the notation of the VSX, and the parameters of its Fourier fits."""

import numpy as np
import pandas as pd

from m3core.periods.fourier_fit import fit_fourier
from m3core.periods.phase_zero import value_and_error
from m3core.progress import Progress
from m3core.star.folding import LightCurveSettings, Star
from m3core.star.panel import Panel

__all__ = ["ephemeris_panel", "fourier_panel"]


def ephemeris_panel(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    """Period, epoch, their errors and the cycles that are covered."""
    title, found = "Ephemeris", star.ephemeris
    if found is None:
        return Panel("ephemeris", title, None, "", pd.DataFrame(), "No period is known of this source.")
    system = star.groups[0].time_system
    rows = [
        ("VSX notation", found.vsx(system)),
        ("Period [d]", value_and_error(found.period, found.period_error, digits=7)),
        (f"Epoch [{system}]", value_and_error(found.epoch, found.epoch_error)),
        ("Phase 0", found.reason),
        ("Cycles covered", f"{found.n_cycles:,} (E = {found.first_cycle:,} to {found.last_cycle:,})"),
    ]
    caption = (
        "Errors are standard errors in units of the last digit, from least squares with the Fourier series that the "
        "Bayesian information criterion prefers, scaled by the scatter; the epoch is the one nearest to the mean time."
    )
    return Panel("ephemeris", title, None, caption, pd.DataFrame(rows, columns=["what", "value"]))


def fourier_panel(star: Star, settings: LightCurveSettings, progress: Progress) -> Panel:
    """R21, phi21, R31, phi31 and the amplitudes of every band."""
    title, found = "Fourier fit", star.ephemeris
    if found is None:
        return Panel("fourier", title, None, "", pd.DataFrame(), "No period is known of this source.")
    rows = []
    for group in star.groups:
        for one, band in zip(group.curves, group.bands, strict=True):
            fit = fit_fourier(band, found.period, found.epoch, settings.n_harmonics or None)
            if fit is None:
                continue
            row: dict[str, object] = {
                "modality": one.name, "unit": one.value_label, "harmonics": fit.n_harmonics, "points": fit.n_points,
                "mean": fit.coefficients[0], "A1": fit.amplitudes()[0][0], "A1 error": fit.amplitudes()[0][1],
            }  # fmt: skip
            for ratio in fit.ratios(settings.convention):
                unit = " [rad]" if ratio.name.startswith("phi") else ""
                row |= {f"{ratio.name}{unit}": ratio.value, f"{ratio.name} error{unit}": ratio.error}
            curve = fit(np.arange(1000) / 1000)
            row |= {
                "peak to peak": float(np.ptp(curve)), "rms": fit.rms, "reduced chi2": fit.reduced_chi2,
                "explained": fit.share,
            }  # fmt: skip
            rows.append(row)
    if not rows:
        return Panel(
            "fourier", title, None, "", pd.DataFrame(), "No band has six points that vary, which a Fourier fit needs."
        )
    wave = "cos" if settings.convention == "cosine" else "sin"
    chosen = (
        "as many harmonics as asked for" if settings.n_harmonics else "harmonics by the Bayesian information criterion"
    )
    caption = (
        f"m = m0 + sum of A_k {wave}(2 pi k (t − epoch) / P + phi_k): the {settings.convention} convention; "
        f"R_k1 = A_k / A_1, phi_k1 = phi_k − k phi_1, 0 to 2 pi; {chosen}. Weights 1 / error²; errors scaled by the "
        "scatter. A fit to fluxes has other parameters than one to magnitudes."
    )
    return Panel("fourier", title, None, caption, pd.DataFrame(rows))

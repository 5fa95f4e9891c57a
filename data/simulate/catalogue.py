"""The 34 catalogue columns and 4 photometry auxiliaries of a star, as Gaia, 2MASS, AllWISE and ASAS-SN measure them."""

import numpy as np

from data.simulate.observing import LightCurve
from data.simulate.place import Place
from m3core.light_curve.fold import phase_fold

__all__ = ["auxiliaries", "metadata"]

DECIMALS = {"l": 5, "b": 5, "parallax": 4, "parallax_error": 4, "pmra": 3, "pmdec": 3, "e_phot_g_mean_mag": 6}
"""Decimals that catalogues print; other columns have four."""


def metadata(place: Place, curve: LightCurve, rng: np.random.Generator) -> dict[str, float]:
    """The 34 columns by name; NaN where the catalogue has no entry.

    The error of a Gaia mean magnitude holds the variability of the star: the scatter of its transits over the root of
    their number, as in the catalogue. Astrometric errors grow with magnitude as Gaia EDR3's do (Lindegren et al. 2021).
    """
    amplitude = float(np.std(curve.magnitude()))
    v, g = place.mags["V"], place.mags["G"]
    transits = float(rng.integers(120, 420))
    found: dict[str, float] = {"mean_vmag": float(np.mean(curve.magnitude()))}
    for name, band, factor in (("g", "G", 0.9), ("bp", "BP", 1.1), ("rp", "RP", 0.65)):
        faint = 0.0003 if band == "G" else 0.0012 * 10 ** (0.2 * max(0.0, place.mags[band] - 14))
        found[f"phot_{name}_mean_mag"] = place.mags[band]
        scatter = factor * amplitude / np.sqrt(transits if band == "G" else transits / 9)
        found[f"e_phot_{name}_mean_mag"] = float(np.hypot(faint, scatter) * rng.lognormal(0, 0.15))
    found["bp_rp"] = found["phot_bp_mean_mag"] - found["phot_rp_mean_mag"]
    error = 0.014 * 10 ** (0.18 * max(0.0, g - 13.5)) * rng.lognormal(0.0, 0.18)
    ruwe = float(np.clip(rng.lognormal(0.02, 0.07), 0.85, 3.0)) * (1.0 + (rng.random() < 0.06) * rng.uniform(0.2, 1.5))
    error *= max(1.0, ruwe)
    found["parallax"] = 1000.0 / place.distance + rng.normal(0, error) - 0.03
    found["parallax_error"] = error
    found["parallax_over_error"] = found["parallax"] / error
    for name, speed in zip(("pmra", "pmdec"), place.tangential, strict=True):
        own = 1.05 * error * rng.lognormal(0, 0.05)
        found[name] = 1000.0 * speed / (4.74 * place.distance) + rng.normal(0, own)
        found[f"{name}_error"] = own
    found["pm"] = float(np.hypot(found["pmra"], found["pmdec"]))
    caught = 0.25 * rng.normal(0, amplitude)  # 2MASS sees all three bands at once, at any phase
    for name in ("j", "h", "k"):
        mag = place.mags[name.upper()] + caught
        faint = float(np.hypot(0.021, 0.02 * 10 ** (0.4 * (mag - 14.2))) * rng.lognormal(0, 0.1))
        own = float(np.hypot(faint, _saturation(mag, 5.0, 0.22)))
        found[f"{name}_mag"], found[f"e_{name}_mag"] = mag + rng.normal(0, own), own
    for number, limit in ((1, 17.0), (2, 15.8), (3, 12.2), (4, 9.1)):
        mag = place.mags[f"W{number}"]
        faint = float(np.hypot(0.021, 0.05 * 10 ** (0.4 * (mag - limit + 1.5))))
        own = float(np.hypot(faint, _saturation(mag, 5.5, 0.15))) if number < 3 else faint
        # fainter than the survey sees, the catalogue prints a limit with the scatter of one
        value = mag + rng.normal(0, min(own, 0.3)) if mag < limit else limit + rng.normal(0, 0.25)
        found[f"w{number}_mag"] = value
        if number < 3:
            found[f"e_w{number}_mag"] = min(own, 0.5)
    found["j_k"] = found["j_mag"] - found["k_mag"]
    found["w1_w2"] = found["w1_mag"] - found["w2_mag"]
    found["w3_w4"] = found["w3_mag"] - found["w4_mag"]
    found["ruwe"] = ruwe
    found["l"], found["b"] = place.l, place.b
    if v < 16 and rng.random() < 0.02:  # no counterpart in one of the infrared surveys
        gone = ("w1_mag", "e_w1_mag", "w2_mag", "e_w2_mag", "w3_mag", "w4_mag", "w1_w2", "w3_w4")
        found.update(dict.fromkeys(gone if rng.random() < 0.6 else ("e_j_mag", "e_h_mag", "e_k_mag"), float("nan")))
    return {name: round(value, DECIMALS.get(name, 4)) for name, value in found.items()}


def _saturation(mag: float, knee: float, error: float) -> float:
    """What saturation adds to the error of a bright star, mag: half of `error` at the knee, all a magnitude above."""
    return float(error / (1.0 + np.exp(np.clip((mag - knee) / 0.35, -50, 50))))


def auxiliaries(curve: LightCurve, period: float) -> dict[str, float]:
    """amplitude [mag], period [d], lksl_statistic, rfr_score of a curve folded at the catalogue's period.

    amplitude: between the 2.5th and the 97.5th percentile of the magnitudes. lksl_statistic: string length of Lafler &
    Kinman (1965) as normalised by Clarke (2002, A&A 386, 763): 0 smooth, near 1 no order. rfr_score: share of the
    variance that the folded curve explains; each epoch is predicted by its neighbours in phase (R squared).
    """
    magnitude = curve.magnitude()
    order = np.argsort(phase_fold(curve.time, period), kind="stable")
    folded = magnitude[order]
    spread = float(((magnitude - magnitude.mean()) ** 2).sum())
    steps = float(((folded - np.roll(folded, 1)) ** 2).sum())
    near = sum(np.roll(folded, shift) for shift in (-2, -1, 1, 2)) / 4
    explained = 1.0 - float(((folded - near) ** 2).sum()) / spread
    low, high = np.percentile(magnitude, [2.5, 97.5])
    return {
        "amplitude": round(float(high - low), 4),
        "period": float(f"{period:.7g}"),
        "lksl_statistic": round(steps / spread * (len(folded) - 1) / (2 * len(folded)), 4),
        "rfr_score": round(float(np.clip(explained, -1, 1)), 4),
    }

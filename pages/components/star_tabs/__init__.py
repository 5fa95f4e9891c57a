"""What stands below a star's light curves and spectra, a tab each: only the one that is open is computed."""

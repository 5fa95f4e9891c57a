"""Spectra as specialists read them: lines, media, continuum, equivalent widths, templates; arrays in, arrays out."""

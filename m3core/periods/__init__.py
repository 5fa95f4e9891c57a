"""Periods: searched in all bands together, fitted by harmonics, checked against a catalogue's."""

"""What diagrams of a catalogue plot: which columns, freed of extinction, coloured by what."""

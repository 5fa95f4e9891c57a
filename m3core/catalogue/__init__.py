"""The columns of a survey's catalogue: the entry of a source, the table of all columns, units and UCDs."""

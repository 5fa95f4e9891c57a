"""The sections of the data page, a file each."""

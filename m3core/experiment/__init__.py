"""The paper's experiment, read: cells, tables, and runs compared."""

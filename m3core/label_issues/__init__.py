"""Labels that are likely wrong: out-of-sample votes, scores and the list of suspects."""

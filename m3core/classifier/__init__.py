"""What a classifier says of a survey: logits, calibrated probabilities, scores."""

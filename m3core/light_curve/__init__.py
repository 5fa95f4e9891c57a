"""Light curves: folds and bins, what encoders see of them, hand-made features, bad nights."""

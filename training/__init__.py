"""Training: configuration and presets, the loop, runs as processes of their own."""

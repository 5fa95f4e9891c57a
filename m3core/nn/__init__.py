"""Building blocks without astronomy. Shapes: B sources, L points, C channels, F features, D embedding."""

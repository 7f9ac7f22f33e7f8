"""One folder a feature: its panel, its state and its actions together."""

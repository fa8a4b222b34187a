"""What the service costs, always as ratios against named alternatives in one run: these machines are noisy."""

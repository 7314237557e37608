"""SQL of the registry, and nothing else: one module for each part of what it knows."""

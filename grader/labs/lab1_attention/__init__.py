"""Lab 1: location-sensitive attention."""

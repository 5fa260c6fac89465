"""Numbers: estimators, the ranges that stored values must lie in, and units as people write them."""

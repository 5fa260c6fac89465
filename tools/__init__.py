"""Tools of this repository that are neither the product nor its tests."""

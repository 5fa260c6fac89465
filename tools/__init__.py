"""Tools of this repository beside the product and its tests: tests import them, and they import no test."""

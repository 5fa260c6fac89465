"""Multiply-accumulates and kinds of operators, counted where torch dispatches them."""

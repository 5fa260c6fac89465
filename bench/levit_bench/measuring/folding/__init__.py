"""Rewriting a network for inference: its data flow, merged branches, and BatchNorm folded into its neighbour.

The outputs of the result are checked elsewhere.
"""

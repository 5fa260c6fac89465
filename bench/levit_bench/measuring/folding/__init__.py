"""Rewriting a network for inference: what flows where, which branches are one, and BatchNorm as part of its neighbour.

Refuses to know what the network is for, and whether the result is right: the suite compares its outputs.
"""

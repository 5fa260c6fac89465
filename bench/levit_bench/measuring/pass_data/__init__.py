"""Data of a pass: images, reference outputs, and the check of outputs against them."""

"""Networks by name: the catalog, users' own, published figures, and the image sets that accuracies belong to."""

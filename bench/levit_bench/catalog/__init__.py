"""Networks by name: the catalog, users' own, published figures and the sets of images that these belong to."""

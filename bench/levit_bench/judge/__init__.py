"""The study: what stored records say. Opens on any laptop; knows nothing of how they were measured."""

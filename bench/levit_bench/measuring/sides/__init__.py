"""The sides of a gate: revisions, interpreters and requirements made into places where workers run."""

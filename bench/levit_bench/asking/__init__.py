"""From what a user asked, by any door, to the cases that are measured."""

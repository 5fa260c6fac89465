"""What ends a session before its budget does: races for the front and target errors, at declared looks."""

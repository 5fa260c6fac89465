"""What the readers of a gate see: terminal, pull request, workflow, test report, program and picture."""

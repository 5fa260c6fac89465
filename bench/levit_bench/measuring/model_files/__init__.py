"""Model files of the user's: what they say of themselves, one file for each format, and how runtimes are given them.

A runtime runs the formats that its `FACTS.model_files` names.
"""

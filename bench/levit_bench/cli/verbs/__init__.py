"""The verbs of `levit-bench`: one file each, loaded when the verb is used."""

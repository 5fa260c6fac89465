"""Presentation of results as tables, sentences, figures and files. The numbers come from `levit_bench.judge`."""

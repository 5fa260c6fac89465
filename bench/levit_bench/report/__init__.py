"""What a person sees of the study: tables, figures, files. Knows nothing of how numbers were judged."""

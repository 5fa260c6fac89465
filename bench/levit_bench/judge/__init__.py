"""Analysis of stored records: estimates, comparisons, fronts and findings. Needs no GPU and none of what measures."""

"""The workshop: prepares networks, times them in seats, checks what they computed. The only wing that knows torch.

Refuses to know what the numbers mean: judging and drawing read the files it leaves behind.
"""

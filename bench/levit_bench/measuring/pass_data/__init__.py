"""What passes are given and what they must answer: images, reference outputs, and the check of both."""

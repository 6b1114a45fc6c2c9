"""What a trained model says of clips and of held-out recordings, what that costs, and how it leaves the app."""

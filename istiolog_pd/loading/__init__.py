"""Loading: from sources through container logs to a Capture, whole or in batches."""

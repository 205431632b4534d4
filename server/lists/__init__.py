"""What the server gives its members besides receipts: the list of targets, and passes for its controls, all signed."""

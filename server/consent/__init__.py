"""The page of consent, which stands before all other pages until somebody has agreed."""

"""Published figures as data, and what their own arithmetic says of them."""

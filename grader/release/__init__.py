"""What students get: editions without answers, and the search for answers that are left in them."""

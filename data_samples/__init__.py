"""Small seeded samples, one folder for each domain, with their generator and the truth they hide."""

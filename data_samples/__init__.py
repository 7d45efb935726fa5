"""Small seeded samples, one folder for each domain, with the generator that made them and the truth they hide."""

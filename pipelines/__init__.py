"""One package per dataset domain: contracts, measures and decisions."""

"""Whether a version may take an alias: it is predicted afresh where neither it nor the present one has learned."""

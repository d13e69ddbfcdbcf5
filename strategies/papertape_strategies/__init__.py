"""Rule-based strategies that come with papertape, one file each."""

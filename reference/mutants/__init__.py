"""The reference with one documented bug each."""

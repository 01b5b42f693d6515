"""Open-loop load on an API: requests leave at their times, whether or not earlier ones have been answered."""

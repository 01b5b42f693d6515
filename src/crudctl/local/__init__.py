"""The local stack as a whole: `up`, `down`, `clean`, `status`, and the demos on it."""

"""What everything stands on: knobs, constants, data, distances, words, checks of arguments."""

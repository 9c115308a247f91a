"""The weather of a made-up world, as Dark Sky and Pirate Weather would tell it."""

"""The suite: plan, execute, judge, shrink, replay."""

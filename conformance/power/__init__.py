"""The suite's power: which mutants and liars it catches, by which promise, after how many cases."""

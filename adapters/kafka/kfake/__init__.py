"""The fake cluster of franz-go: a program of ours in Go, built where it is used."""

"""What holds for all tests."""

import signal

# A shell that puts pytest into the background has it ignore interrupts, and so would the programs that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

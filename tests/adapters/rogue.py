"""A program that speaks the contract, and at `send` does the one thing wrong that its argument names.

Without a library, so that it starts quickly, and so that it is what an author in any language might write.
"""

import json
import os
import subprocess
import sys
import time

KIND = sys.argv[1]
LINES = iter(sys.stdin.buffer.readline, b"")
PLACED = {"topic": "t", "partition": 0, "offset": 0}


def write(message):
    print(json.dumps(message), flush=True)


def complete(number, value=None, **more):
    write({"type": "complete", "id": number, "outcome": {"type": "ok", "value": value}, **more})


def junk(text):
    print(text, flush=True)


def die(code=3):
    sys.stderr.write("something broke\n")
    os._exit(code)


def last_words_at_length(number):
    for line in range(20_000):
        sys.stderr.write(f"line {line}: {'x' * 100}\n")
    complete(number, PLACED)


def refuse(number):
    write({"type": "complete", "id": number, "outcome": {"type": "fail", "error": "UNSUPPORTED", "message": "no"}})


def observations():
    value = {"o": "lost", "group": "g", "member": "m", "generation": 1, "partitions": []}
    text = (json.dumps({"type": "observe", "process": "c", "value": value}) + "\n") * 1000
    while True:
        sys.stdout.write(text)


def orphan():
    child = subprocess.Popen(["sleep", "30"])  # keeps our output open
    sys.stderr.write(f"orphan {child.pid}\n")
    die()


def deaf():
    while True:
        time.sleep(60)


def close_output():
    os.close(1)
    deaf()


def close_input():
    os.close(0)
    deaf()


def endless_line():
    while True:
        os.write(1, b"x" * 65536)


def wrong_observation():
    write({"type": "observe", "process": "c", "value": {"o": "applied", "group": "g"}})


AT_SEND = {
    "hang": lambda n: None,
    "half_a_line": lambda n: sys.stdout.write('{"type":"comp') and sys.stdout.flush(),
    "exit": lambda n: die(),
    "signal": lambda n: os.kill(os.getpid(), 11),
    "orphan": lambda n: orphan(),
    "garbage": lambda n: junk("Connecting to broker...\t\x1b[31m" + "." * 500),
    "binary": lambda n: (sys.stdout.buffer.write(b"\xff\xfe\x00\n"), sys.stdout.flush()),
    "blank": lambda n: junk(""),
    "nested": lambda n: junk('{"type":"complete","id":2,"outcome":{"type":"ok","value":' + "[" * 100_000),
    "junk_flood": lambda n: [junk("x" * 1_000_000) for _ in range(20)],
    "endless_line": lambda n: endless_line(),
    "observation_flood": lambda n: observations(),
    "twice": lambda n: (complete(n, PLACED), complete(n, PLACED)),
    "twice_before": lambda n: complete(n - 1),
    "unknown_request": lambda n: complete(n + 70, PLACED),
    "wrong_value": lambda n: complete(n, {"topic": "t", "partition": "zero", "offset": 0}),
    "no_value": lambda n: complete(n),
    "wrong_word": lambda n: write({"type": "completed", "id": n}),
    "wrong_field": lambda n: complete(n, PLACED, thyme=3),
    "wrong_observation": lambda n: wrong_observation(),
    "in_the_past": lambda n: complete(n, PLACED, time=17),
    "in_the_future": lambda n: complete(n, PLACED, time=time.monotonic_ns() + 10**12),
    "in_seconds": lambda n: complete(n, PLACED, time=int(time.monotonic())),
    "fault": lambda n: write({"type": "fault", "message": "the licence has expired: renew it"}),
    "refuse": refuse,
    "close_output": lambda n: close_output(),
    "close_input": lambda n: (complete(n, PLACED), close_input()),
    "talkative": last_words_at_length,
    "deaf": lambda n: (complete(n, PLACED), deaf()),
}
late = []


def speak(request):
    number, kind = request["id"], request["type"]
    if kind == "hello":
        capabilities = {"topics": 8} if KIND != "wrong_capability" else {"topiks": 8}
        complete(number, {"name": "rogue", "version": "1", "capabilities": capabilities})
    elif kind == "reset" and KIND == "resetless":
        refuse(number)
    elif kind == "stop" and KIND == "unstoppable":
        deaf()
    elif kind == "stop" and KIND == "exits_without_a_word":
        os._exit(0)
    elif kind == "stop":
        complete(number)
        os._exit(0)
    elif kind == "invoke" and request["value"]["f"] == "send" and KIND == "backwards":
        late.append(number)
    elif kind == "invoke" and request["value"]["f"] == "flush":
        for each in reversed(late):
            complete(each, {**PLACED, "offset": each})
        complete(number)
    elif kind == "invoke" and request["value"]["f"] == "send":
        AT_SEND.get(KIND, lambda n: complete(n, PLACED))(number)
    else:
        complete(number, 0 if kind == "invoke" and request["value"]["f"] == "list_offsets" else None)


if KIND == "exit_at_start":
    sys.exit("no such broker")
if KIND == "deaf_from_the_start":
    deaf()
for text in LINES:
    speak(json.loads(text))

"""A process that runs SMT-LIB scripts through Z3: one JSON list a line in, and one out.

It is run by its path, so that it imports nothing but Z3 and starts at once; and it is a process, so that it can be
killed when Z3 heeds no timeout. A question is the key of a Z3 that is kept, whether it shall be a fresh one, and a
script; an answer is what Z3 printed, and the seconds of processor time that it took. When the input ends, so does the
process, whatever Z3 is at: whoever asked is gone.
"""

import json
import os
import queue
import sys
import threading


def main() -> None:
    """Answer until the input ends. A fresh Z3 depends on nothing before, a kept one on what it has read."""
    questions = queue.SimpleQueue[tuple[int, bool, str]]()
    threading.Thread(target=_read, args=(questions,), daemon=True).start()
    import z3

    kept: dict[int, z3.Context] = {}
    while True:
        key, fresh, script = questions.get()
        if fresh:
            kept.pop(key, None)  # so that its memory can be used again
            kept[key] = z3.Context()
        before = os.times()
        try:
            said = str(z3.Z3_eval_smtlib2_string(kept[key].ref(), script))
        except z3.Z3Exception as error:
            said = error.args[0].decode()  # all that was printed, with the error in its place
        after = os.times()
        seconds = round(after.user + after.system - before.user - before.system, 2)
        print(json.dumps([said, seconds]), flush=True)


def _read(questions: queue.SimpleQueue[tuple[int, bool, str]]) -> None:
    for line in sys.stdin:
        questions.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()

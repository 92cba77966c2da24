"""A process that runs SMT-LIB scripts through Z3: one JSON string a line in, one JSON list a line out.

It is run by its path, so that it imports nothing but Z3 and starts at once; and it is a process, so that it can be
killed when Z3 heeds no timeout. An answer is what Z3 printed, and the seconds of processor time that it took. When the
input ends, so does the process, whatever Z3 is at: whoever asked is gone.
"""

import json
import os
import queue
import sys
import threading


def main() -> None:
    """Answer until the input ends. Each script meets a fresh Z3, so that answers depend on nothing before."""
    scripts = queue.SimpleQueue[str]()
    threading.Thread(target=_read, args=(scripts,), daemon=True).start()
    import z3

    while True:
        script = scripts.get()
        context, before = z3.Context(), os.times()
        try:
            said = str(z3.Z3_eval_smtlib2_string(context.ref(), script))
        except z3.Z3Exception as error:
            said = error.args[0].decode()  # all that was printed, with the error in its place
        after = os.times()
        seconds = round(after.user + after.system - before.user - before.system, 2)
        print(json.dumps([said, seconds]), flush=True)


def _read(scripts: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        scripts.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()

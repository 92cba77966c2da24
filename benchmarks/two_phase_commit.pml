/* Two-phase commit as in spec/protocols/two_phase_commit.py, by hand: the same states, one transition to a step.
   No invariant is checked, which is to spin's advantage. -DN=7: resource managers. */

#define WORKING 0
#define PREPARED 1
#define COMMITTED 2
#define ABORTED 3
#define UNDECIDED 0

unsigned rm0 : 2, rm1 : 2, rm2 : 2, rm3 : 2, rm4 : 2, rm5 : 2, rm6 : 2, rm7 : 2;
unsigned tm : 2;
bit heard0, heard1, heard2, heard3, heard4, heard5, heard6, heard7;
bit said0, said1, said2, said3, said4, said5, said6, said7;
bit said_commit, said_abort;

#if N == 7
#define ALL (heard0 && heard1 && heard2 && heard3 && heard4 && heard5 && heard6)
#else
#define ALL (heard0 && heard1 && heard2 && heard3 && heard4 && heard5 && heard6 && heard7)
#endif

#define MANAGER(rm, heard, said)                                                                                       \
  :: d_step { rm == WORKING -> rm = PREPARED; said = 1 }                                                               \
  :: d_step { rm == WORKING -> rm = ABORTED }                                                                          \
  :: d_step { (tm == UNDECIDED && said) -> heard = 1 }                                                                 \
  :: d_step { said_commit -> rm = COMMITTED }                                                                          \
  :: d_step { said_abort -> rm = ABORTED }

active proctype commit() {
  do
  MANAGER(rm0, heard0, said0)
  MANAGER(rm1, heard1, said1)
  MANAGER(rm2, heard2, said2)
  MANAGER(rm3, heard3, said3)
  MANAGER(rm4, heard4, said4)
  MANAGER(rm5, heard5, said5)
  MANAGER(rm6, heard6, said6)
#if N == 8
  MANAGER(rm7, heard7, said7)
#endif
  :: d_step { (tm == UNDECIDED && ALL) -> tm = COMMITTED; said_commit = 1 }
  :: d_step { tm == UNDECIDED -> tm = ABORTED; said_abort = 1 }
  od
}

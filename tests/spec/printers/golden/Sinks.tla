-------------------------------- MODULE Sinks --------------------------------
\* A number falls below 0, where it must not.

EXTENDS Integers, TLC

CONSTANTS
  Rule,        \* A lamp. *) END ==== -- /* */ | <b>
  UnionCount,  \* how many: How bright.
  none         \* no value

Var_ == {"array", "end", "TRUE"}
Union_ == 0 .. UnionCount - 1

VARIABLES
  record,  \* state: "quoted" *) | `a|b` | <i>
  Init_,   \* which one is lit second line
  begin,
  ue9,
  when,
  lit

vars == <<record, Init_, begin, ue9, when, lit>>

TypeOK ==
  /\ record \in [Rule -> Var_]
  /\ Init_ \in (Rule \cup {none})
  /\ begin \in [Rule -> Union_]
  /\ ue9 \in [Rule \X Union_ -> BOOLEAN]
  /\ when \in (Union_ \cup {none})
  /\ lit \in BOOLEAN

\* One is lit.
Init ==
  \E ruleset \in Rule :
    /\ \A rule \in Rule : none = none
    /\ record = [rule_ \in Rule |-> IF rule_ = ruleset THEN "end" ELSE "array"]
    /\ Init_ = ruleset
    /\ begin = [rule_ \in Rule |-> 0]
    /\ ue9 = [rule_ \in Rule, union_ \in Union_ |-> FALSE]
    /\ when = none
    /\ lit = FALSE

\* Another one is lit. *) \* -- /* ``` `` `  [KIP-1 | *) <x>]
Spec_(rule) ==
  /\ Init_ # rule
  /\ ~ue9[rule, 0] \/ begin[rule] < 2
  /\ record' = [rule_ \in Rule |-> IF rule_ = rule /\ ((\E rule_2 \in Rule : begin[rule_2] = 0) \/ ~(\E rule_2 \in Rule : begin[rule_2] = 0)) THEN "end" ELSE "array"]
  /\ Init_' = rule
  /\ UNCHANGED <<begin, ue9, when, lit>>

\* It gets brighter.
Procedure(x_, vars_) ==
  /\ Init_ = x_
  /\ vars_ = begin[x_]
  /\ vars_ + 1 \in Union_
  /\ begin' = [begin EXCEPT ![x_] = vars_ + 1]
  /\ ue9' = [rule_ \in Rule, union_ \in Union_ |-> IF rule_ = x_ THEN union_ <= vars_ /\ (ue9[x_, union_] <=> (\E r \in Rule : begin[r] - 1 < union_)) ELSE ue9[rule_, union_]]
  /\ when' = when
  /\ lit' = (lit \/ vars_ = 1)
  /\ UNCHANGED <<record, Init_>>

\* It gets darker, too often.
Dim(x_) ==
  /\ (Init_ = x_ => Assert(begin[x_] - 1 >= 0, "dim: below 0") /\ begin[x_] - 1 \in Union_)
  /\ begin' = [begin EXCEPT ![x_] = IF Init_ = x_ THEN begin[x_] - 1 ELSE begin[x_]]
  /\ UNCHANGED <<record, Init_, ue9, when, lit>>

Next ==
  \/ \E rule \in Rule : Spec_(rule)
  \/ \E x_ \in Rule, vars_ \in Union_ : Procedure(x_, vars_)
  \/ \E x_ \in Rule : Dim(x_)

Fairness ==
  /\ \A rule \in Rule : WF_vars(Spec_(rule))
  /\ \A x_ \in Rule : WF_vars(Dim(x_))

Spec == Init /\ [][Next]_vars /\ Fairness

\* The lit one knows.
TypeOK_ ==
  \A r \in Rule : (record[r] = "end") <=> (Init_ = r)

\* Can be reached: It can be bright.
Bright ==
  \E r \in Rule : begin[r] = 2

\* In every fair run: One is.
SomeIsLit ==
  []<>(Init_ # none)

==============================================================================

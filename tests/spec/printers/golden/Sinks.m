-- Sinks
--
-- A number falls below 0, where it must not.

const
  none: 0;
  Var__array: 0;
  Var__end: 1;
  Var__TRUE: 2;

type
  number: -1 .. 4;
  Var_: 0 .. 2;
  Rule_: 0 .. 1;
  Union_: 0 .. 2;
  record_map: array [Rule_] of Var_;
  begin_map: array [Rule_] of Union_;
  ue9_map: array [Rule_] of array [Union_] of boolean;

var
  record_: record_map; -- state: "quoted" *) | `a|b` | <i>
  Init: 0 .. 2; -- which one is lit second line
  begin_: begin_map;
  ue9: ue9_map;
  when: 0 .. 3;
  lit: boolean;

-- One is lit.
procedure startstate_(ruleset_: Rule_);
begin
  for cell0: Rule_ do record_[cell0] := Var__array; end;
  Init := none;
  for cell0: Rule_ do begin_[cell0] := 0; end;
  for cell0: Rule_ do for cell1: Union_ do ue9[cell0][cell1] := false; end; end;
  when := none;
  lit := false;
  Init := ruleset_ + 1;
  for r: Rule_ do record_[r] := (r = ruleset_ ? Var__end : Var__array); end;
end;
startstate "startstate_(0)" begin startstate_(0); end;
startstate "startstate_(1)" begin startstate_(1); end;

-- Another one is lit. *) \* -- /* ``` `` `  [KIP-1 | *) <x>]
ruleset rule_: Rule_ do
  rule "Spec"
    Init != rule_ + 1 &
    (!ue9[rule_][0] | begin_[rule_] < 2)
  ==>
  begin
    Init := rule_ + 1;
    for rule_2: Rule_ do record_[rule_2] := (rule_2 = rule_ & ((exists rule_2: Rule_ do begin_[rule_2] = 0 endexists) | !(exists rule_2: Rule_ do begin_[rule_2] = 0 endexists)) ? Var__end : Var__array); end;
  endrule;
endruleset;

-- It gets brighter.
ruleset x: Rule_; vars: Union_ do
  rule "procedure"
    Init = x + 1 &
    vars = begin_[x]
  ==>
  var
    old_ue9: ue9_map;
  begin
    if vars + 1 > 2 then return; end; /* cut off by the bound */
    old_ue9 := ue9;
    for u: Union_ do ue9[x][u] := u <= vars & (old_ue9[x][u] = (exists r: Rule_ do begin_[r] - 1 < u endexists)); end;
    begin_[x] := vars + 1;
    when := when;
    lit := lit | vars = 1;
  endrule;
endruleset;

-- It gets darker, too often.
ruleset x: Rule_ do
  rule "dim"
    true
  ==>
  begin
    if Init = x + 1 & begin_[x] - 1 > 2 then return; end; /* cut off by the bound */
    if Init = x + 1 & begin_[x] - 1 < 0 then error "dim: below 0"; end;
    begin_[x] := (Init = x + 1 ? begin_[x] - 1 : begin_[x]);
  endrule;
endruleset;

-- The lit one knows.
invariant "TypeOK"
  forall r: Rule_ do (record_[r] = Var__end) = (Init = r + 1) endforall;

-- It can be bright.
cover "bright"
  exists r: Rule_ do begin_[r] = 2 endexists;

-- One is.
-- eventually, under fairness, which Murphi lacks: some_is_lit: Init != none

"""What Python does with values and cannot do with terms: each special method, and what to write instead."""

from typing import Final

_PARENTHESES: Final = "is for formulas, and binds tighter than `==`: put parentheses around each comparison"
_COMPARED: Final = (
    "not supported between instances of 'LEFT' and 'RIGHT': it compares numbers, of an Ordered sort or of count(...); "
    "of X | None ask exists(X, lambda x: (a == x) & (x < b))"
)
_NO_PARTS: Final = "a value has no parts: what belongs to it is a variable indexed by it, as in s.epoch[b]"
_NO_ARITHMETIC: Final = (
    "only an integer constant can be added to a number, or taken away: for more, take a parameter and say what it is"
)
_NOT_KNOWN: Final = "a term has no number yet, so that Python cannot compute with it: write formulas over it"
MISUSES: Final = {
    "__iter__": "a term cannot be iterated, nor given to sum, min, max, sorted, any or all: write forall(Sort, "
    "lambda x: ...), exists(...) or count(...), and ite(a < b, a, b) for min(a, b)",
    "__len__": "a term has no length: write count(Sort, lambda x: ...) for how many there are",
    "__contains__": "`in` does not work on a term: a set is a Var(Bool, ...), and membership is s.members[x]",
    "__getitem__ __setitem__ __delitem__": f"a term is not subscriptable: {_NO_PARTS}",
    "__setattr__ __delattr__": _NO_PARTS,
    "__and__ __rand__": f"`&` {_PARENTHESES}",
    "__or__ __ror__": f"`|` {_PARENTHESES}",
    "__xor__ __rxor__": "there is no `^`: of two formulas a and b, write a != b",
    "__invert__": "`~` is for formulas",
    "__lt__": f"'<' {_COMPARED}",
    "__le__": f"'<=' {_COMPARED}",
    "__gt__": f"'>' {_COMPARED}",
    "__ge__": f"'>=' {_COMPARED}",
    "__add__ __radd__ __sub__ __rsub__ __neg__ __pos__ __abs__ __mul__ __rmul__": _NO_ARITHMETIC,
    "__mod__ __rmod__ __truediv__ __rtruediv__ __floordiv__ __rfloordiv__ __divmod__ __rdivmod__ __pow__ __rpow__ "
    "__matmul__ __lshift__ __rlshift__ __rshift__ __rrshift__": f"there is no such arithmetic: {_NO_ARITHMETIC}",
    "__int__ __index__ __float__ __complex__ __round__": _NOT_KNOWN,
}
"""By the names of methods that a term has not got; a sort that has one, such as `+` of numbers, defines it.

LEFT and RIGHT stand for the sorts of the operands.
"""

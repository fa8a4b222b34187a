"""Which parts of Python's syntax scripts may use, and which are refused by name; what is in no table is refused, too."""

from __future__ import annotations

import ast
from types import MappingProxyType


def _nodes(names: str) -> tuple[type[ast.AST], ...]:
    return tuple(getattr(ast, name) for name in names.split())


#: Node types that scripts may use; the check looks at some of them more closely.
ALLOWED = _nodes(
    "Module Expr Assign AugAssign Delete Pass Return If For While Break Continue Try ExceptHandler Raise Assert "
    "FunctionDef Nonlocal arguments arg Import ImportFrom alias Lambda Call keyword Name Attribute Subscript Slice Starred "
    "Constant JoinedStr FormattedValue List Tuple Set Dict ListComp SetComp DictComp GeneratorExp comprehension "
    "UnaryOp BinOp BoolOp Compare IfExp NamedExpr Load Store Del And Or Not Invert UAdd USub Add Sub Mult Div "
    "FloorDiv Mod BitAnd BitOr BitXor RShift Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn "
    "Match match_case MatchValue MatchSingleton MatchSequence MatchMapping MatchStar MatchAs MatchOr MatchClass"
)

#: Node type that is refused by name -> the rule, and the keyword.
REFUSED = MappingProxyType(
    {
        "ClassDef": ("class", "class"),
        "Yield": ("yield", "yield"),
        "YieldFrom": ("yield", "yield from"),
        "With": ("with", "with"),
        "Global": ("global", "global"),
        "AsyncFunctionDef": ("async", "async def"),
        "AsyncFor": ("async", "async for"),
        "AsyncWith": ("async", "async with"),
        "Await": ("async", "await"),
        "TryStar": ("except-star", "except*"),
        "TypeAlias": ("type-alias", "type"),
        "TemplateStr": ("template-string", 't"…"'),
    }
)

#: Nodes that occur only inside a refused node, which has the one finding: the items of `with`, the parameters of generic
#: functions, the fields of template strings.
PARTS_OF_REFUSED = ("withitem", "type_param", "Interpolation")

#: Operator that is refused -> the rule.
REFUSED_OPERATORS = MappingProxyType({ast.Pow: "power", ast.LShift: "left-shift", ast.MatMult: "matrix"})

"""Configurations of unknown keywords: keepalived names each with its file and line.

What is read of them is stated here, and held against keepalived in test_real_keepalived.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Case:
    """`keywords` are those of all statements, in order; files beside the first by their name."""

    name: str
    text: str
    keywords: str
    config_id: str = "vm"
    files: dict[str, str] = field(default_factory=dict)


CASES = (
    Case("words end at white space", "a b\tc\n\td\n  e \n", "a d e"),
    Case("vertical white space too", "a\vb\nc\fd\ne\rf\n", "a c e"),
    Case("a quoted word keeps its blanks", '"a_b c" d\n', "a_b·c"),
    Case("an empty word is a word", '"" a\nb\n', "· b"),
    Case("a quote in the middle ends the word", 'a"b"c d\n', "a"),
    Case("an apostrophe is a letter", "'a b' c\nd'e\n", "'a d'e"),
    Case("a backslash is a letter", "a\\ b\n\\c d\ne\\\\f\n", "a\\ \\c e\\\\f"),
    Case("a comment begins anywhere", "a#b\nc!d\n# e\n! f\n#\ng # h\n", "a c g"),
    Case("not in quotes", '"a#b" # c\n"d!e" ! f\n', "a#b d!e"),
    Case("in apostrophes it does", "'a#b' c\nd\n", "'a d"),
    Case("a quote in a comment quotes nothing", '# it"s\na # "\nb\n', "a b"),
    Case("no line goes on after a backslash", "a b \\\nc\n", "a c"),
    Case("not behind a comment either", "a # b \\\nc\n", "a\\ c"),
    Case("lines end with CR LF", "a b\r\nc\r\n\r\nd {\r\n e\r\n}\r\n", "a c d e"),
    Case("braces on their lines", "a {\n b\n c {\n d\n }\n}\ne\n{\n f\n}\n", "a b c d e f"),
    Case("braces on one line", "a { b c } d { e { f } } g\n", "a b d e f g"),
    Case("a brace ends a word", "a{b}c{d}\n", "a b c d"),
    Case("not in quotes", '"a{b" {\n "c}"\n}\n', "a{b c}"),
    Case("in apostrophes it does", "a 'b{c' d\n}\n", "a c'"),
    Case("what follows a brace may be a condition", "a { @vm b\n @x c\n} @^vm d\n", "a b"),
    Case("of this id", "@vm a\n@x b\n@^vm c\n@^x d\n@vm\n@ e\nf\n", "a d f"),
    Case("of another id", "@vm a\n@x b\n@^vm c\n@^x d\n", "b c", config_id="x"),
    Case("an id is a whole word", "@vma b\n@v c\n@^vma d\n", "d"),
    Case("a condition holds for the braces of its line", "@x a {\n@vm b {\n c\n}\n", "b c"),
    Case("a value", "$A=a\n$B= b c\n$A x\n${A}x\n$B\n", "a ax b"),
    Case("no blank before the =", "$A =a\nb$A c\n", "$A b$A"),
    Case("of a name only", "$1=a\n$a-b=c\n", "$1=a $a-b=c"),
    Case("without braces before a blank", "$A=a\n$Ax\n$A,b\n$A.b\nx$A\n", "$Ax a,b $A.b xa"),
    Case("a value of a value", "$A=a$B\n$B=b\n$A\n$B=c\n$A\n", "ab ac"),
    Case("nothing is a value", "$A=\nx${A}y\n${A}\nz\n", "xy z"),
    Case("a value loses its comment", "$A=a b # c\nx${A}y\n", "xa"),
    Case("a value of a condition", "@vm $A=a\n@x $A=b\n$A\n", "a"),
    Case("a brace of a value", "$A=a {\n$A\n b\n}\n", "a b"),
    Case("what keepalived knows", "a${_HASH}b\nc${_BANG}d\ne${_INSTANCE}\n", "a c evm"),
    Case("it may be defined anew", "$_HASH=x\na${_HASH}b\n", "axb"),
    Case("lines", "$A= \\\n a b \\\n c { \\\n d \\\n }\n$A\ne\n", "a c d e"),
    Case("lines from the first on", "$A=a\\\nb\\\nc\n$A\n", "a b c"),
    Case("after a word", "$A=a\\\nb\nx $A\n", "x b"),
    Case("only at the end of a line", "$A=a\\\nb\n$A x\n", "$A"),
    Case("an empty line ends them", "$A=a\\\n b\\\n\n c\n$A\n", "c a b"),
    Case("a comment does not", "$A=a\\\n # x\n \n b\\\n # y \\\n c\n$A\n", "a b c"),
    Case("lines in lines", "$A=a\\\n$B\\\nb\n$B=c\\\nd\n$A\ne\n", "a c d b e"),
    Case("values in lines", "$A=a${N}\\\n$N=2\\\nb${N}\n$N=1\n$A\n", "a1 b2"),
    Case("a sequence", "~SEQ(I, 1, 3) a${I}\n", "a1 a2 a3"),
    Case("from one", "~SEQ(I, 3) a${I}\n", "a1 a2 a3"),
    Case("down to less than nothing", "~SEQ(I, -2) a${I}\n", "a-1 a-2"),
    Case("downwards", "~SEQ(I,2,0) a${I}\n", "a2 a1 a0"),
    Case("in steps", "~SEQ(I,1,2,6) a${I}\n~SEQ(I,5,-3,1) b${I}\n", "a1 a3 a5 b5 b2"),
    Case("in other bases", "~SEQx(I,0xe,0x10) a${I}\n~SEQ(I,010,9) b${I}\n", "ae af a10 b8 b9"),
    Case("of sequences", "~SEQ(I,1,2) ~SEQ(J,3,4) a${I}${J}\n", "a13 a14 a23 a24"),
    Case("of lines", "$A=a${I}\\\nb${I}\n~SEQ(I,1,2) $A\nc\n", "a1 b1 a2 b2 c"),
    Case("up to a value", "$N=2\n~SEQ(I,1,$N) a${I}\n~SEQ(J,${N}) b${J}\n", "a1 a2 b1 b2"),
    Case("in lines", "$A=a\\\n~SEQ(I,1,2) b${I}\\\nc\n$A\n", "a b1 b2 c"),
    Case("no sequence", "~SEQ(I) a\n~SEQ(I,1,0,2) b\n~SEQ(I,x) c\n~SEQx(I,-1) d\n~TEQ(I,1)\n", "~TEQ(I,1)"),
    Case("no list", "~LST(I, a, b c, d) x${I}\n~LST(I) y\n~LST({A},{1,2}) z\nx\n", "x"),
    Case("a list of values", "~LST(I, a, b) x${I}\n", "xa xb"),
    Case("of several", "~LST({A,B}, {1,2}, {3}) a${A}-${B}.\n", "a1-2. a3-."),
    Case("of lists", "~LST(A,1,2) ~LST(B,x,y) a${A}${B}\n", "a1x a1y a2x a2y"),
    Case("with blocks", "~LST(A,1,2) a${A} { b }\n", "a1 b a2 b"),
    Case("~ that means nothing", "~a b\nc\n", "~a c"),
    Case("an include", "a\ninclude x.inc\nb\n", "a x b", files={"x.inc": "x y\n"}),
    Case("nested", "include x.inc\na\n", "x y z a", files={
        "x.inc": "x\ninclude y.inc\nz\n", "y.inc": "y\n"}),
    Case("from its own directory", "include d/x.inc\na\n", "x y a", files={
        "d/x.inc": "x\ninclude y.inc\n", "d/y.inc": "y\n", "y.inc": "no\n"}),
    Case("a pattern, sorted", "include *.inc\n", "a b c", files={
        "b.inc": "b\n", "c.inc": "c\n", "a.inc": "a\n"}),
    Case("alternatives", "include {b,a,{d,c}}.inc\n", "b a d c", files={
        "a.inc": "a\n", "b.inc": "b\n", "c.inc": "c\n", "d.inc": "d\n"}),
    Case("nothing of a pattern", "include *.inc\na\n", "a"),
    Case("nothing of a name", "include x.inc\na\n", "a"),
    Case("a quote belongs to the name", 'include "x.inc"\na\n', "a", files={"x.inc": "x\n"}),
    Case("a comment does not", "include x.inc # y\n", "x", files={"x.inc": "x\n"}),
    Case("for one id", "@vm include x.inc\n@x include x.inc\n", "x", files={"x.inc": "x\n"}),
    Case("in a block", "a { include x.inc\n}\n", "a x", files={"x.inc": "x\n"}),
    Case("that opens a block", "include x.inc\nb\n}\nc\n", "a b c", files={"x.inc": "a {\n"}),
    Case("of all kinds", "includer x.inc\nincludem x.inc\nincludew x.inc\nincludeb x.inc\n"
         "includea x.inc\nincludec x.inc\ninclude\n", "x x x x x includec include",
         files={"x.inc": "x\n"}),
    Case("of a value", "$A=x.inc\ninclude $A\n", "x", files={"x.inc": "x\n"}),
    Case("a value goes on in another file", "include x.inc\n$A\n", "a", files={"x.inc": "$A=a\n"}),
    Case("a line of 1022 letters", f"{'a' * 1022}\nb\n", "a" * 1022 + " b"),
    Case("what is not UTF-8", "a\xe4 b\nc\n", "a\xe4 c"),
)  # fmt: skip

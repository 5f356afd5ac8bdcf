"""Writes expressions.json: how Hugging Face's tokenizers (0.23), with Oniguruma, splits texts by small expressions.

Each entry is a step of a pre-tokenizer, a text and its pieces.
"""
import json
import pathlib
import unicodedata

from tokenizers import Regex, pre_tokenizers

POINTS = [c for c in range(0x3000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
# parts of the libraries have older versions of Unicode: no code points newer than its version 8
NEW = {0x61D, 0x9FC, 0x9FD, 0xA76, 0xC77, 0xC84, 0x166D, 0x1B7D, 0x1B7E} | set(range(0x2E43, 0x2E5E))
ALL = "".join(chr(c) for c in POINTS if c not in NEW)

CASES = [
    (r"\p{N}{1,3}+", "a12345678b1"), (r"\p{N}{2}", "12345"), (r"a{2,}", "aaabaaa"), (r"a{,2}b", "aaabab"),
    (r"a{1,2}?", "aaa"), (r"a+?b??", "aaab"), (r"a*+a", "aaab"), (r"a?+a", "aa"), (r"a++b", "aaab"), (r"(?>a|ab)c", "abcac"),
    (r"\s++$", " a \n b  \n"), (r"\s+$", "a \n b  "), (r"$", "a\nb"), (r"a$|b", "a\nab"), (r".", "a\nb\r\u2028c"),
    (r"\s+(?!\S)|\s+", "a   b  \n c   "), (r"b(?=c)", "bcbd"), (r"(?=b)", "abcb"), (r"x*", "aaxxb"), (r"a|ab", "abab"),
    (r"(a|b)(c)?", "acbab"), (r"(?i:'s|'t|'re|k)", "'S'ſ'T'rE'RekK\u212a"), (r"(?i)ab|c", "aBCAbc"), (r"a(?i:b)c", "aBcaBC"),
    (r"(?i:[a-cs]+)", "aBCsSſd"), (r"[^\s\p{L}\p{N}]+", "a!? b\u0301-1"), (r"[^\S\r\n]+", "a \t\n b\u3000\n"),
    (r"[\]\[\^\-a\\]+", "x][^-a\\y"), (r"[+--]+", "a+,-b"), (r"[a-]+", "a-b"), (r"[\x41\x{4e2d}\u6587]", "aA中文"),
    (r"\x41|\x{4e2d}|\u6587", "aA中文"), (r"[\n\r\t\v\f]", "a\nb\rc\td\x0be\x0cf"), (r"\.|\/|\"|\_|\@|\ ", "a.b/c\"d_e@f g"),
    (r"\P{L}+", "a12b"), (r"[^\P{L}]", "a1b"), (r"[\P{N}]+", "a1b"), (r"]", "a]b"), (r"[!-/:-~]+", "a!b:c~d"),
    (r"[一-龥぀-ゟ゠-ヿ]+", "a中文ひらカタb"), (r"\p{Han}+|\p{Hiragana}+", "中文、ひら々ーカ"), (r"\p{Latin}+|\p{Greek}", "abcαβ·ªé"),
    (r"\s", ALL), (r"\S", ALL[:3000]), (r"\d+", ALL), (r"\D+", ALL), (r"\w+", ALL), (r"\W+", ALL), (r"[\w]+", ALL), (r"[\s\d]+", ALL),
    (r"[^\S]+", ALL), (r"\p{Lu}+", ALL), (r"\p{Lm}+|\p{Lt}+", ALL), (r"\p{M}+", ALL), (r"\p{P}+", ALL), (r"\p{S}+", ALL), (r"\p{Z}+", ALL),
    (r"\p{Nl}+|\p{No}+", ALL), (r"\p{Cc}+|\p{Cf}+", ALL), (r"[\p{Sc}\p{Pd}]", ALL),
]
BEHAVIORS = ["isolated", "removed", "contiguous", "merged_with_previous", "merged_with_next"]

NAMES = {"isolated": "Isolated", "removed": "Removed", "contiguous": "Contiguous",
         "merged_with_previous": "MergedWithPrevious", "merged_with_next": "MergedWithNext"}


def entry(pattern, behavior, invert, text):
    split = pre_tokenizers.Split(Regex(pattern) if isinstance(pattern, str) else pattern[0], behavior, invert)
    step = {"type": "Split", "pattern": {"Regex": pattern} if isinstance(pattern, str) else {"String": pattern[0]},
            "behavior": NAMES[behavior], "invert": invert}
    return {"step": step, "text": text, "pieces": [piece for piece, _ in split.pre_tokenize_str(text)]}


entries = [entry(pattern, "isolated", False, text) for pattern, text in CASES]
for behavior in BEHAVIORS:
    for invert in (False, True):
        for pattern, text in [(r"\d", "ab12c3dd45"), (r"\d", "1a23b"), ((".",), "a.b..c."), (r"[.!]+", "!a.b!!c"), (r"(?=b)", "abcb"),
                              (("a+b",), "a+bca+ba+b")]:
            entries.append(entry(pattern, behavior, invert, text))
for individual in (False, True):
    step = {"type": "Digits", "individual_digits": individual}
    entries.append({"step": step, "text": ALL, "pieces": [p for p, _ in pre_tokenizers.Digits(individual).pre_tokenize_str(ALL)]})
for behavior in BEHAVIORS:
    pieces = [p for p, _ in pre_tokenizers.Punctuation(behavior).pre_tokenize_str(ALL)]
    entries.append({"step": {"type": "Punctuation", "behavior": NAMES[behavior]}, "text": ALL, "pieces": pieces})
# the pieces of ALL are kept as the numbers of their characters
for one in entries:
    if one["text"] == ALL and "".join(one["pieces"]) == ALL:
        one["text"], one["pieces"] = "ALL", [len(piece) for piece in one["pieces"]]
entries = [one for one in entries if len(one["text"]) < 4000]
with open(pathlib.Path(__file__).with_suffix(".json"), "w") as out:
    out.write(json.dumps({"all": ALL, "entries": entries}, separators=(",", ":")).replace('{"step"', '\n{"step"') + "\n")

"""Writes pretokenizer.txt: how Python's regex module (pip install regex) cuts random texts by the three patterns.

A line a text: the pattern's name, the text's UTF-8 in hex, the lengths of its pieces in bytes.
"""
import pathlib
import random

import regex

PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "cl100k": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
              r"|\s+(?!\S)|\s+",
    "whitespace": r" ?\S+|\s+(?!\S)|\s+",
}
COMMON = [" ", " ", " ", "\n", "\r", "\t", "'", "'", "a", "b", "s", "S", "t", "T", "l", "L", "v", "e", "E", "r", "m", "d",
          "1", "2", ".", ",", "!", "-"]
RARE = [0x0B, 0x0C, 0x1C, 0x7F, 0x85, 0xA0, 0xAD, 0xB2, 0xBD, 0xDF, 0xE9, 0x17F, 0x301, 0x3B1, 0x660, 0x1680, 0x180E,
        0x2003, 0x2019, 0x2028, 0x2029, 0x202F, 0x205F, 0x2160, 0x200B, 0x3000, 0x4E2D, 0x5B57, 0xFEFF, 0xFF11, 0x1F600,
        0x10FFFF]

random.seed(1)
with open(pathlib.Path(__file__).with_suffix(".txt"), "w") as out:
    for _ in range(250):
        text = "".join(random.choice(COMMON) if random.random() < 0.75 else chr(random.choice(RARE))
                       for _ in range(random.randint(1, 24)))
        for name, pattern in PATTERNS.items():
            pieces = regex.findall(pattern, text)
            assert "".join(pieces) == text
            out.write(" ".join([name, text.encode().hex(), *(str(len(p.encode())) for p in pieces)]) + "\n")

"""Writes translation.json: what sacreBLEU makes of small corpora, of Multi30k's test set, and of random texts.

    python3 translation.py [DATA]   (needs sacrebleu; DATA is the folder that HEDDLE_DATA names, by default ../shared/data)

`cases`: hypotheses and references, for each way of computing BLEU its score, precisions, brevity penalty, lengths and
signature, and chrF's score and signature. `multi30k`: the same of the English test sentences beside a disturbed copy of
them (see `disturbed`; translation_test.cpp disturbs them alike). `tokens`: texts and their words by tokenizer 13a.
"""
import gzip
import json
import pathlib
import random
import sys

from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

HERE = pathlib.Path(__file__)
DATA = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[2].parent / "shared/data"


def scores(hypotheses, references):
    result = {}
    for name, options in [("13a", {}), ("13a lc", {"lowercase": True}), ("none", {"tokenize": "none"})]:
        metric = BLEU(force=True, **options)
        bleu = metric.corpus_score(hypotheses, [references])
        result[name] = {"score": bleu.score, "precisions": bleu.precisions, "brevity_penalty": bleu.bp,
                        "lengths": [bleu.sys_len, bleu.ref_len], "signature": str(metric.get_signature())}
    chrf = CHRF()
    result["chrf"] = {"score": chrf.corpus_score(hypotheses, [references]).score, "signature": str(chrf.get_signature())}
    return result


def disturbed(number, sentence):
    """Words lost, doubled, exchanged and in capitals, each by its number."""
    words = []
    for i, word in enumerate(sentence.split(" ")):
        choice = (7 * number + 3 * i) % 11
        if choice == 0:
            continue
        words.append(word.upper() if choice == 1 else word)
        if choice == 2:
            words.append(word)
        if choice == 3 and len(words) > 1:
            words[-2:] = words[:-3:-1]
    return " ".join(words)


long = "the quick brown fox jumps over the lazy dog and runs away from it"
CASES = {
    "identical": ([long, "a second sentence, with a comma."], None),
    "no overlap": (["alpha beta gamma delta epsilon"], ["one two three four five"]),
    "one word, right": (["cat"], ["cat"]),
    "one word, wrong": (["dog"], ["cat"]),
    "shorter than 4 words": (["the cat sat"], ["the cat sat"]),
    "3 words beside 5": (["the cat sat", "on the mat"], ["the cat sat down there", "on the old mat today"]),
    "words alone match": (["the of and to in"], ["in to and of the"]),
    "pairs, but no longer ones": (["the cat on the mat today here"], ["a cat on a mat here today"]),
    "empty hypothesis": (["", long], ["a b c d e", long]),
    "empty reference": (["a b c d e f", long], ["", long]),
    "empty on both sides": (["", " ", long], [" ", "", long]),
    "nothing but empty hypotheses": (["", ""], ["a b c d", "e f g h"]),
    "nothing but empty references": (["a b c d", "e f g h"], ["", ""]),
    "nothing at all": ([""], [""]),
    "longer hypotheses": ([long + " again and again and again"], [long]),
    "shorter hypotheses": (["the quick brown fox jumps over"], [long]),
    "repeated words": (["the the the the the the the"], ["the cat is on the mat"]),
    "case": (["The Cat SAT on the Mat in the Morning"], ["the cat sat on the mat in the morning"]),
    "numbers": (["It cost 1,000.5 dollars - or 3.14, or .5, or 2010-2015 in 12-hour days."],
                ["It costs 1,000.5 dollars, or 3.14 or .5 or 2010-2015, in 12 - hour days"]),
    "entities": (['He said &quot;yes&quot; &amp; left &lt;b&gt; &amp;lt;', "<skipped>A&B &QUOT;x&QUOT; is here now"],
                 ['He said "yes" & left <b> <', 'A & B "x" is here now']),
    "apostrophes": (["I don't know, it's the dogs' 'own' house", "l\u2019homme n'est pas l\u00e0"],
                    ["I do n't know; it is the dogs' own house", "l'homme n'est pas l\u00e0 ."]),
    "line ends": (["a split-\nword here and there-\n", "one\ntwo three four five\t six\u00a0seven"],
                  ["a splitword here and there", "one two three four five six seven"]),
    "hyphens and dashes": (["a well-known semi-detached house \u2014 5-6 rooms \u2013 and-so-on"],
                           ["a well known semi-detached house -- 5 - 6 rooms - and-so-on"]),
    "Chinese": (["\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u3002", "\u4ed6 \u5728 \u770b \u4e66 \u3000 \u5462"],
                ["\u4eca\u5929\u5929\u6c14\u4e0d\u9519\uff0c\u6211\u4eec\u53bb\u516c\u56ed\u5427\u3002", "\u4ed6 \u5728 \u8bfb \u4e66 \u5462"]),
    "Russian": (["\u0411\u044b\u0441\u0442\u0440\u0430\u044f \u041b\u0418\u0421\u0410 \u043f\u0440\u044b\u0433\u0430\u0435\u0442 \u0447\u0435\u0440\u0435\u0437 \u0441\u043e\u0431\u0430\u043a\u0443, \u0432\u043e\u0442 \u0442\u0430\u043a!"],
                ["\u0431\u044b\u0441\u0442\u0440\u0430\u044f \u043b\u0438\u0441\u0430 \u043f\u0440\u044b\u0433\u0430\u0435\u0442 \u0447\u0435\u0440\u0435\u0437 \u043b\u0435\u043d\u0438\u0432\u0443\u044e \u0441\u043e\u0431\u0430\u043a\u0443, \u0442\u0430\u043a."]),
    "Arabic": (["\u0630\u0647\u0628 \u0627\u0644\u0648\u0644\u062f \u0625\u0644\u0649 \u0627\u0644\u0645\u062f\u0631\u0633\u0629\u060c \u0648\u0639\u0627\u062f \u0628\u0639\u062f \u0627\u0644\u0638\u0647\u0631."],
               ["\u0630\u0647\u0628\u062a \u0627\u0644\u0628\u0646\u062a \u0625\u0644\u0649 \u0627\u0644\u0645\u062f\u0631\u0633\u0629\u060c \u0648\u0639\u0627\u062f\u062a \u0628\u0639\u062f \u0627\u0644\u0638\u0647\u0631."]),
    "emoji": (["so happy \U0001f600\U0001f600 today \U0001f468\u200d\U0001f469\u200d\U0001f467!", "\U0001f44d\U0001f3fd ok then we go"],
              ["so happy \U0001f600 today \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466!", "\U0001f44d ok then we go"]),
    "accents, one code point or two": (["ein sch\u00f6ner gro\u00dfer H\u00dcGEL im caf\u00e9"], ["ein scho\u0308ner gro\u00dfer h\u00fcgel im cafe\u0301"]),
    "separators": (["a\u001cb\u001dc\u001ed\u001fe\u0085f\u2028g\u2003h"], ["a b c d e f g h"]),
}
for hypotheses, references in CASES.values():
    assert references is None or len(hypotheses) == len(references)
cases = [{"name": name, "hypotheses": h, "references": r or h, **scores(h, r or h)} for name, (h, r) in CASES.items()]

with gzip.open(DATA / "multi30k/test_2016_flickr.en.gz", "rt", encoding="utf-8", newline="\n") as lines:
    english = [line.rstrip("\n") for line in lines]
multi30k = scores([disturbed(i, line) for i, line in enumerate(english)], english)

random.seed(1)
COMMON = list("  ..,,--'\"&;019aAzZ$%()[]{}<>|~`^_/\\:!?@#*+=")
PARTS = ["&quot;", "&amp;", "&lt;", "&gt;", "&amp;quot;", "<skipped>", "-\n", "\n", "\t", "...", "1,0", ".5", "5-"]
RARE = [0x1C, 0x1F, 0x7F, 0x85, 0xA0, 0xAB, 0xB7, 0xE9, 0x301, 0x660, 0x2003, 0x2014, 0x2019, 0x200B, 0x2028, 0x3000, 0x3001,
        0x4E2D, 0xFEFF, 0xFF0C, 0xFF11, 0x1F600]
tokenize = Tokenizer13a()
tokens = []
for _ in range(400):
    pick = lambda: random.choice(COMMON) if random.random() < 0.7 else random.choice(PARTS) if random.random() < 0.6 \
        else chr(random.choice(RARE))
    text = "".join(pick() for _ in range(random.randint(1, 20)))
    tokens.append([text, tokenize(text.rstrip()).split()])

with open(HERE.with_suffix(".json"), "w") as out:
    rows = lambda values: "[\n" + ",\n".join(json.dumps(value) for value in values) + "\n]"
    out.write(f'{{"cases": {rows(cases)},\n"multi30k": {json.dumps(multi30k)},\n"tokens": {rows(tokens)}}}\n')

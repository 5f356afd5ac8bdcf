"""Writes hf_tokenizers/: vocabularies that Hugging Face's tokenizers (0.23) trains, each with the normalizer, the
pre-tokenizer and the kinds of added tokens of a family of models, and what it makes of a hundred texts.

    python hf_tokenizers.py FOLDER_OF_NOVELS

NAME.json.gz is a tokenizer.json, texts.json holds the texts that are ours, ids.txt has a line for each vocabulary and text:
both names, the number of ids and the FNV-1a hash of them as four bytes each. Text novel-I is 2,000 bytes of the I-th novel
from byte 5,000 on, both ends moved to the next character; points-I-J is 256 of the code points that texts.json lists as
ranges under "points", those below U+3000 that both Unicode versions assign, from the I-th of them on, the J-th of the
separators behind each.
"""
import gzip
import json
import pathlib
import sys
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).with_suffix("")
SEPARATORS = ["", " ", "a\u0301 1"]

TEXTS = {
    "english": "It's late, and they'll say we've lost. I'd rather not; you're sure that she'S RIGHT? We'LL see, don't'cha "
               "think... \"What!\" he cried -- 'twas 1,234,567.89 dollars (or £1000), 50% off on 2024-10-31T23:59:59Z.",
    "spaces": "one  two   three    four\ttab\t\ttabs \t mixed\n\nparagraph\n\n\n   indented\r\nwindows\r\n\r\nline \u00a0nbsp"
              "\u2003em\u3000ideographic\u2028line\u2029para\u0085next\x0bvt\x0cff\x1cfs\u200bzero\u180emvs\ufeffbom   ",
    "trailing": "ends in spaces    \n  \n\n",
    "leading": "   begins with spaces",
    "blank": " ",
    "blanks": "     ",
    "lines": "\n\n\n",
    "letter": "a",
    "cplusplus": "#include <vector>\n\ntemplate <class T>\nstd::vector<T> twice(const std::vector<T>& v) {\n  std::vector<T> out;\n"
                 "\tfor (std::size_t i = 0; i < v.size(); ++i) {\n\t\tout.push_back(v[i]); out.push_back(v[i]);  // 2x\n\t}\n"
                 "  return out;  /* 0xDEADBEEF, 1e-9, 3.14f */\n}\n",
    "python": "def f(x, *, y=None):\n    \"\"\"Adds.\"\"\"\n    if y is None:\n        y = {'a': 1, \"b\": [1, 2, 3]}\n"
              "    return x + sum(y['b'])  # it's 6\n\n\nclass A_b(C):\n    __slots__ = ('_x', 'y2')\n    z = lambda self: self._x ** 2\n",
    "json": '{"name": "heddle", "version": "0.1.0", "list": [1, 22, 333, 4444, 55555], "nested": {"t": true, "n": null}}',
    "shell": "for f in *.txt; do grep -E '^[a-z]+$' \"$f\" | sort -u > /tmp/${f%.txt}.out 2>&1 && echo ok; done\n",
    "markdown": "# Title\n\nSome *emphasis*, **strong**, `code` and [a link](https://example.org/a?b=c&d=e#f).\n\n- item\n  - nested\n"
                "1. first\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n```sh\nls -la\n```\n\n> quoted\n>> twice\n",
    "chinese": "今天天气很好，我们去公园散步吧！他说：“你好吗？”我回答：“很好，谢谢。”２０２４年１０月３１日，价格是１２３４元。中文English混排123测试。",
    "chinese_lines": "第一行文字\n第二行文字。\n\n第三段，有标点；还有：冒号、顿号……破折号——结束。\n",
    "japanese": "吾輩は猫である。名前はまだ無い。カタカナとひらがな、漢字ＡＢＣ１２３、がぎぐげご（か\u3099き\u3099）。",
    "korean": "안녕하세요, 세계! 한국어 문장입니다. \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 분해된 자모.",
    "arabic": "السلام عليكم، كيف حالك؟ هذا نصٌّ مُشَكَّلٌ بالحركات ١٢٣٤٥٦ و 789.",
    "hebrew": "שָׁלוֹם עוֹלָם, זהו טקסט עם ניקוד ובלי ניקוד 123.",
    "hindi": "नमस्ते दुनिया! यह हिन्दी भाषा में एक वाक्य है। क्या आप ठीक हैं? १२३४५ और क़ ख़ ड़।",
    "bengali": "আমি বাংলায় গান গাই। কো কৌ ১২৩।",
    "tamil": "தமிழ் மொழி மிகவும் பழமையானது. கொடு கௌ ௧௨௩",
    "thai": "สวัสดีครับ นี่คือประโยคภาษาไทย ไม่มีช่องว่างระหว่างคำ ๑๒๓๔ น้ำ กำ",
    "vietnamese": "Tiếng Việt có dấu: người, được, thuở. Tie\u0302\u0301ng Vie\u0323\u0302t tách dấu.",
    "greek": "Ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ λόγος ἦν πρὸς τὸν θεόν. ΑΒΓ αβγ ά vs \u03ac vs α\u0301 \u1f71.",
    "russian": "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. Ё ё И\u0306.",
    "german": "Größe, Straße, über, Ärger; ﬀ ﬁ ﬂ ligatures, ẞ ß ſ, 'ſ 'S it'ſ.",
    "decomposed": "cafe\u0301 nai\u0308ve A\u030angstro\u0308m \u212b \u2126 q\u0323\u0307 q\u0307\u0323 s\u0323\u0307 \u1e9b\u0323 e\u0301\u0323",
    "emoji": "😀😃 👍🏽 👨‍👩‍👧‍👦 🇩🇪🇫🇷 ❤️ 1️⃣ ☃ ✈︎ text😀text 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🤷🏾‍♀️!!! :-) ;)",
    "math": "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β, ½ ⅓ Ⅷ ² ³ ⁴ x₁ ①②③ ㊿ ∑∫√∞ ≤≥≠ 𝔸𝕓𝟙𝟚 ","numbers": "1 12 123 1234 12345 123456 1234567 1,000 3.14159 1e10 ٣٤٥٦ ४५६७ ⅣⅤ ²³ ½¼ 一二三 ３４５６ 0x1F 007 v2.0.1",
    "punctuation": "!!! ??? ... --- ___ *** ### $$$ %%% &&& @@@ ((( ))) [[[ ]]] {{{ }}} <<< >>> /// \\\\\\ ||| ~~~ ^^^ ``` \"\"\" ''' ;;; ::: ,,, +++ ===\n/\n//\n!\n\n?/\n\n",
    "quotes": "‘single’ “double” «guillemets» ‹one› „low“ –en— em‐hyphen‑nb… ′ ″ ¿qué? ¡sí! §1 ¶ † ‡ • · ‰ ′s 's ’s ’ll",
    "camel": "camelCaseWords HTMLParser XMLHttpRequest snake_case_words SCREAMING_CASE iPhone15Pro aB Ab AB ab ǅ ǈ ʰa aʰA",
    "controls": "a\x00b\x01c\x1fd\x7fe\x80f\x9fg\u2060h\u206fi\ufffdj\ue000k\U000e0001l",
    "mask": "I saw a <mask> there. I saw a  \n <mask>  \n  there<mask>twice <mask><mask> end <mask>",
    "added": "x<|endoftext|>y x<|end Hello Hello Hello\n\nHello\n\n\nnew\nline cat cats concat cat. _cat cat_ catt cat\u0301 ①cat cat½ cat\n",
    "added_more": "a<pad> b <pad>c <pad> \t <s>d</s> </s> café cafe\u0301 caf\u00e9s<|x|> <|x|>  <r>  <r>   z <r>\n\n\n\n<r>  \n\n  cat <l>\n\n  <l> <l>cat",
    "chat": "<|im_start|>user\nWhat's 2+2?<|im_end|>\n<|im_start|>assistant\nIt's 4.<|im_end|>\n",
    "long_word": "a" * 300 + "b" * 5 + " " + "ab" * 100 + "é" * 40 + "中" * 40,
    "long_number": "1" * 50 + " " + "12" * 40 + "٣" * 20 + "x" + "²" * 7,
    "long_space": " " * 120 + "x" + "\n" * 30 + " " * 9 + "\n" + "\t" * 11 + "y",
}

POSSESSIVE = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
              r"|\s+(?!\S)|\s")
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+")

pre = pre_tokenizers
byte_level = lambda prefix=False, regex=True: pre.ByteLevel(add_prefix_space=prefix, use_regex=regex)
split = lambda regex, behavior="isolated", invert=False: pre.Split(Regex(regex), behavior, invert)
plain = byte_level(regex=False)

EVERY = [AddedToken("<mask>", lstrip=True, special=True), AddedToken("<pad>", rstrip=True, special=True),
         AddedToken("<|endoftext|>", special=True), AddedToken("<s>", special=True), AddedToken("</s>", special=True),
         AddedToken("<|x|>", lstrip=True, rstrip=True), AddedToken("x<", normalized=True), AddedToken("\n\n"),
         AddedToken(" Hello", normalized=True), AddedToken("cat", single_word=True), AddedToken("caf\u00e9", normalized=True),
         AddedToken("<r>", rstrip=True, normalized=False), AddedToken("<l>", lstrip=True, normalized=True)]
CHAT = [AddedToken("<|im_start|>", special=True), AddedToken("<|im_end|>", special=True)]

VARIANTS = {
    # name: normalizer, pre-tokenizer, added tokens
    "gpt2": (None, byte_level(), EVERY),
    "prefix": (None, byte_level(prefix=True), EVERY),
    "neox": (normalizers.NFC(), byte_level(), EVERY + [AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)]),
    "cl100k": (None, pre.Sequence([split(CL100K), plain]), CHAT),
    "possessive": (None, pre.Sequence([split(POSSESSIVE), plain]), CHAT),
    "qwen2": (normalizers.NFC(), pre.Sequence([split(QWEN), plain]), CHAT),
    "o200k": (None, pre.Sequence([split(O200K, "removed", True), plain]), CHAT),
    "starcoder": (None, pre.Sequence([pre.Digits(individual_digits=True), byte_level()]), CHAT),
    "falcon": (None, pre.Sequence([pre.Punctuation("contiguous"), byte_level(), pre.Digits(individual_digits=False),
                                   split("[0-9][0-9][0-9]")]), CHAT),
    "deepseek": (normalizers.Sequence([]), pre.Sequence([split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK),
                                                         plain]), CHAT),
    "deepseek_coder": (None, pre.Sequence([split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(r"\s+$"),
                                           split("[一-龥ࠀ-一가-퟿]+"), pre.Digits(individual_digits=True), plain]), CHAT),
    "behaviors": (None, pre.Sequence([pre.Split(" ", "merged_with_next"), split(r"\d", "contiguous"),
                                      split("[.!?]", "merged_with_previous"), pre.Punctuation("isolated"),
                                      byte_level(prefix=True, regex=False)]), CHAT),
}


def fnv1a(ids):
    value = 0xcbf29ce484222325
    for i in ids:
        for byte in i.to_bytes(4, "little"):
            value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def boundary(data, at):
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def novels(folder):
    for i, path in enumerate(sorted(pathlib.Path(folder).glob("*.txt"))[:36]):
        data = path.read_bytes()
        yield f"novel-{i}", data[boundary(data, 5000):boundary(data, 7000)].decode()


def known(c):
    """Whether c is assigned, also in the older versions of Unicode that parts of the library have: they read it alike."""
    if unicodedata.category(chr(c)) in ("Cn", "Cs"):
        return False
    text = "q\u0301" + chr(c) + "\u0323 q\u0323" + chr(c) + "\u0301"
    if normalizers.NFC().normalize_str(text) != unicodedata.normalize("NFC", text):
        return False
    cut = len(pre.Punctuation("isolated").pre_tokenize_str("a" + chr(c) + "b")) == 3
    return c < 0x80 or cut == (unicodedata.category(chr(c))[0] == "P")


def main():
    HERE.mkdir(exist_ok=True)
    assigned = [c for c in range(0x3000) if known(c)]
    texts = dict(TEXTS)
    for i in range(0, len(assigned), 256):
        for j, separator in enumerate(SEPARATORS):
            texts[f"points-{i}-{j}"] = "".join(chr(c) + separator for c in assigned[i:i + 256])
    corpus = list(TEXTS.values()) * 2 + [text for _, text in novels(sys.argv[1])]
    texts.update(novels(sys.argv[1]))
    lines = []
    for name, (normalizer, pre_tokenizer, added) in VARIANTS.items():
        tokenizer = Tokenizer(models.BPE())
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=2000 - len(added), initial_alphabet=pre.ByteLevel.alphabet(),
                                      show_progress=False)
        tokenizer.train_from_iterator(corpus, trainer)
        tokenizer.add_tokens(added)
        with gzip.GzipFile(HERE / (name + ".json.gz"), "wb", mtime=0) as out:
            out.write(tokenizer.to_str().encode())
        for text_name, text in texts.items():
            ids = tokenizer.encode(text).ids
            lines.append(f"{name} {text_name} {len(ids)} {fnv1a(ids):016x}")
    (HERE / "ids.txt").write_text("\n".join(lines) + "\n")
    ranges = []
    for c in assigned:
        if ranges and ranges[-1][1] == c:
            ranges[-1][1] = c + 1
        else:
            ranges.append([c, c + 1])
    (HERE / "texts.json").write_text(json.dumps({"texts": TEXTS, "points": ranges, "separators": SEPARATORS}))


main()

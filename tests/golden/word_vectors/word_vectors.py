"""Writes the files beside it: the same words as others' programs write them, and what gensim reads in each.

    pip install gensim fasttext==0.9.3 word2vec==0.10.6
    python word_vectors.py WORD2VEC FASTTEXT

WORD2VEC and FASTTEXT are the two programs, compiled from the sources in these packages (word2vec.c; src/*.cc).
NAME.expected has a line a word of NAME: it and the bits of its float32 numbers in hex.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy
from gensim.models import KeyedVectors

FOLDER = pathlib.Path(__file__).parent
TEXT = "the king , the queen . 3 2 über straße 中文 naïve 1 0.5 the king and the queen \xa0 the 3 l'été <unk> -1\n" * 40


def expect(name, **options):
    read = KeyedVectors.load_word2vec_format(FOLDER / name, **options)
    with open(FOLDER / (name + ".expected"), "w") as out:
        for word in read.index_to_key:
            bits = read[word].astype(numpy.float32).view(numpy.uint32)
            out.write(" ".join([word, *(f"{b:08x}" for b in bits)]) + "\n")


def gensim_files():
    random = numpy.random.default_rng(1)
    vectors = random.normal(size=(12, 7)).astype(numpy.float32)
    vectors[1] = [0.0, -0.0, 1.0, -1.0, 1e-45, 1.17549435e-38, 3.4028235e38]
    vectors[2] = [1e-5, 0.1, 123456.79, 16777216.0, 1e10, 0.7, 1 / 3]
    words = ["the", "3", "2", "straße", "中文", "l'été", "a\xa0b", "-1", "0.5", "nan", "\u2028", "."]
    keyed = KeyedVectors(7)
    keyed.add_vectors(words, vectors)
    keyed.save_word2vec_format(FOLDER / "gensim.txt", binary=False)
    keyed.save_word2vec_format(FOLDER / "gensim.bin", binary=True)
    keyed.save_word2vec_format(FOLDER / "gensim_no_header.txt", binary=False, write_header=False)
    expect("gensim.txt")
    expect("gensim.bin", binary=True)
    expect("gensim_no_header.txt", no_header=True)


def programs_files(word2vec, fasttext):
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder) / "text"
        text.write_text(TEXT)
        for name, binary in [("word2vec.txt", 0), ("word2vec.bin", 1)]:
            subprocess.run([word2vec, "-train", text, "-output", FOLDER / name, "-size", "6", "-binary", str(binary),
                            "-min-count", "1", "-threads", "1", "-iter", "1"], check=True, stdout=subprocess.DEVNULL)
            expect(name, binary=bool(binary))
        subprocess.run([fasttext, "skipgram", "-input", text, "-output", FOLDER / "fasttext", "-dim", "6",
                        "-bucket", "1000", "-minCount", "1", "-thread", "1", "-t", "1", "-verbose", "0"], check=True)
        (FOLDER / "fasttext.bin").unlink()
        expect("fasttext.vec")


gensim_files()
programs_files(sys.argv[1], sys.argv[2])

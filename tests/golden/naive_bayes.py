"""What scikit-learn's CountVectorizer and MultinomialNB make of texts, written to naive_bayes.json: of words, and of
words and pairs of them, the joint log-likelihoods of each class for texts that were counted and texts that were not.

    python3 tests/golden/naive_bayes.py
"""
import json
import os
import random

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

draw = random.Random(7)
WORDS = {"bad": "dull Dull slow, a not bad-tempered 1 TED's é".split(),
         "good": "fine fine Ärger a not_quite bright: 22 bright the".split(),
         "odd": "strange a the (odd) ; ... O'Neil Ωmega".split()}
train, classes = [], []
for name, count in [("bad", 9), ("good", 6), ("odd", 3)]:
    for _ in range(count):
        others = draw.choice(list(WORDS.values()))
        train.append(" ".join(draw.choices(WORDS[name] + others, k=draw.randint(1, 9))))
        classes.append(name)
judged = train[:3] + ["", "never seen words", "A fine FINE fine Strange", "not bad", "the... dull\tÄRGER\nbright bright"]
found = {"train": train, "classes": classes, "judged": judged}
for name, longest in [("words", 1), ("pairs", 2)]:
    counter = CountVectorizer(token_pattern=r"\w+", ngram_range=(1, longest))
    model = MultinomialNB(alpha=1).fit(counter.fit_transform(train), classes)
    found[name] = model.predict_joint_log_proba(counter.transform(judged)).tolist()
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "naive_bayes.json"), "w") as out:
    json.dump(found, out, ensure_ascii=False, indent=1)
    out.write("\n")

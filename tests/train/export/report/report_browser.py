#!/usr/bin/env python3
"""What `heddle report` writes, in headless Chromium: report_browser.py HEDDLE CHROMIUM CHROMEDRIVER

Trains a tiny language model twice on a text of <script> tags, makes a page of both and uses it as a person does.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import xml.dom.minidom

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

HEDDLE, CHROMIUM, DRIVER = sys.argv[1:4]
FOLDER = tempfile.TemporaryDirectory()
ROOT = pathlib.Path(FOLDER.name)


def heddle(*arguments):
    done = subprocess.run([HEDDLE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"heddle {arguments}: {done.stderr}")
    return done.stdout


def train(name, steps, more):
    text = ROOT / "corpus.txt"
    if not text.exists():
        line = "the king </script><script>alert(1)</script> loves <img src=x onerror=alert(2)> the queen & <!-- a {{script}}\n"
        text.write_text(line * 300)
    config = ROOT / f"{name}.cfg"
    config.write_text(f"""
[run]
name = "<b>{name}"
dir = {ROOT / name}
[data]
path = {text}
tokenizer = word
[model]
n_layer = 2
n_head = 2
n_embd = 16
block_size = 24
[train]
steps = {steps}
eval_interval = 20
log_interval = 10
batch_size = 8
eval_batches = 2
sample_tokens = 30
{more}
""")
    heddle("train", config)
    return ROOT / name


def browser(width=1200, downloads=None):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-component-update",
                     "--disable-background-networking"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=webdriver.chrome.service.Service(DRIVER), options=options)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (event) => violations.push(event.blockedURI + ' ' + event.violatedDirective));
        window.alert = () => violations.push('alert');"""})
    if downloads:
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
    return driver


def wait_for(what, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("did not come")


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_folder = train("one", 60, "sample_interval = 20")
        second = train("two", 40, "[optim]\nlr = 0.01")
        heddle("report", cls.run_folder, second)
        cls.page = cls.run_folder / "report.html"
        cls.plain = ROOT / "plain.html"
        heddle("report", second, "--output", cls.plain)
        cls.downloads = ROOT / "downloads"
        cls.downloads.mkdir()
        cls.driver = browser(downloads=cls.downloads)
        cls.driver.get(cls.page.as_uri())

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def point_at(self, element, dx=0, dy=0):
        self.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0])))")
        ActionChains(self.driver, duration=0).move_to_element_with_offset(element, dx, dy).perform()

    def tip(self):
        return wait_for(lambda: not self.script("return document.getElementById('tip').hidden")
                        and self.script("return document.getElementById('tip').textContent"))

    def set_slider(self, name, value):
        self.script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
                    self.one(f"#walk input[aria-label='{name}']"), value)

    def probabilities(self):
        return [float(bar.get_attribute("data-probability")) for bar in self.all("#walk rect[data-probability]")]

    # --- tests, each by itself ---

    def test_a_page_has_its_sections_and_no_error(self):
        self.assertEqual([l for l in self.driver.get_log("browser") if l["level"] in ("SEVERE", "WARNING")], [])
        headings = [h.get_attribute("id") for h in self.all("section > h2")]
        self.assertEqual(headings, [i + "-title" for i in ("summary", "course", "samples", "tokens", "walk", "maps", "lens", "heads",
                                                           "words", "geometry", "circuits", "compare")])
        self.assertEqual(len(self.all("nav li")), len(headings))
        self.assertEqual(self.one("h1").text, "<b>one")
        ids = self.script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(self.script("return [...document.querySelectorAll('svg[role=img]')].filter((s) => !s.querySelector('title').textContent || !s.querySelector('desc').textContent).length"), 0)
        self.assertEqual(self.script("return [...document.querySelectorAll('button, input, select')].filter((b) => !b.textContent && !b.getAttribute('aria-label') && !b.labels.length).length"), 0)

    def test_b_nothing_is_asked_for_and_no_text_runs(self):
        sent = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"]
        self.assertTrue(urls)
        self.assertEqual([u for u in urls if not u.startswith(("data:", "blob:")) and u != self.page.as_uri()], [])
        self.assertEqual(self.script("return violations"), [])
        self.assertEqual(len(self.all("script")), 2)
        self.assertEqual(len(self.all("main b, img[src=x]")), 0)
        self.assertIn("alert", self.one("#tokens").text)
        text = self.page.read_text()
        self.assertEqual(text.count("<script"), 2)
        self.assertNotIn("://", text.replace("http://www.w3.org/2000/svg", ""))

    def test_c_a_script_that_is_put_into_the_page_is_refused(self):
        self.script("const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);")
        self.assertIsNone(self.script("return window.ran || null"))
        self.assertEqual(len(wait_for(lambda: self.script("return violations"))), 1)
        self.script("violations.length = 0; document.body.lastChild.remove()")
        self.driver.get_log("browser")

    def test_figures_are_those_of_inspect(self):
        question = self.script("return JSON.parse(document.getElementById('data').textContent).runs[0].passage")
        for layer, head, place in ((0, 0, 23), (1, 1, 7)):
            self.one("#walk-controls select[aria-label=layer]").send_keys(str(layer))
            self.one("#walk-controls select[aria-label=head]").send_keys(str(head))
            self.script("arguments[0].click()", self.one(f"#walk-words button[data-place='{place}']"))
            answer = json.loads(heddle("inspect", "attention", self.run_folder, "--json", f"--layer={layer}", f"--head={head}", f"--word={place}"))
            self.assertEqual([k["token"] for k in answer["seen"]], question["inputs"][:place + 1])
            for name in ("score", "scaled", "weight"):
                shown = self.all(f"#walk text[data-figure={name}]")
                self.assertEqual(len(shown), place + 1)
                for text, key in zip(shown, answer["seen"]):
                    self.assertAlmostEqual(float(text.text), key[name], delta=1e-3 * max(abs(key[name]), 0.01))
            kept = question["attentions"][layer]["heads"][head]
            for name, of in (("query", "queries"), ("key", "keys"), ("value", "values"), ("sum", "sums"), ("output", "outputs")):
                at = answer["key_of"]["place"] if name in ("key", "value") else place
                for mine, theirs in zip(kept[of][at], answer[name], strict=True):
                    self.assertAlmostEqual(mine, theirs, delta=1e-3 * max(abs(theirs), 0.01))
            self.assertAlmostEqual(question["lengths"][f"hidden_states/{layer}"][place], answer["stream_length"], delta=1e-3)

    def test_losses_and_baselines_are_the_runs(self):
        rows = [line.split(",") for line in (self.run_folder / "metrics.csv").read_text().splitlines()]
        self.point_at(self.one("#course figure svg"), 390)
        tip = self.tip()
        self.assertIn(f"step {rows[-1][0]}", tip)
        self.assertIn(f"validation: {float(rows[-1][2]):.5g}", tip)
        self.assertIn(f"training: {float(rows[-1][1]):.5g}", tip)
        self.assertIn("unigram", self.one("#course-1 svg").text)
        before = self.one("#course polyline").get_attribute("points")
        self.all("#course-1 input[type=checkbox]")[0].click()
        self.assertNotEqual(self.one("#course polyline").get_attribute("points"), before)
        chart = self.one("#course-1 svg")
        chart.send_keys(Keys.HOME)
        self.assertIn(f"step {rows[1][0]}", self.tip())

    def test_sliders_move_probabilities_by_the_rule_of_sampling(self):
        p = self.script("return JSON.parse(document.getElementById('data').textContent).runs[0].passage.prediction")
        self.assertEqual(p["logits"], sorted(p["logits"], reverse=True))
        import math
        def rule(temperature, top_k, top_p):
            weights = [math.exp((l - p["logits"][0]) / temperature) for l in p["logits"]][:top_k or None]
            total, kept = sum(weights), []
            for w in weights:
                if top_p < 1 and sum(kept) >= top_p * total:
                    break
                kept.append(w)
            return [w / sum(kept) for w in kept]
        for settings in ((1, 0, 1), (0.5, 0, 1), (2, 3, 1), (1.5, 0, 0.6), (2, 5, 0.5)):
            for name, value in zip(("temperature", "top-k", "top-p"), settings):
                self.set_slider(name, value)
            wanted, shown = rule(*settings), self.probabilities()
            for i, probability in enumerate(shown):
                self.assertAlmostEqual(probability, wanted[i] if i < len(wanted) else 0, places=6)
            self.assertTrue(self.one("#can-be-drawn").text.startswith(f"{len(wanted)} of {len(p['logits'])} "))
        self.set_slider("temperature", 0)
        self.assertEqual(self.probabilities()[:2], [1, 0])

    def test_a_head_is_chosen_and_a_word_tells_what_it_attends_to(self):
        passage = self.script("return JSON.parse(document.getElementById('data').textContent).runs[0].passage")
        self.assertEqual(len(self.all("#head-grid button")), 4)
        self.script("arguments[0].click()", self.one("#head-grid button[data-layer='1'][data-head='1']"))
        self.assertEqual([b.get_attribute("data-head") for b in self.all("#head-grid button[aria-pressed=true]")], ["1"])
        self.point_at(self.one("#maps-side rect.word[data-place='9']"))
        weights = passage["attentions"][1]["heads"][1]["weights"][9]
        best = max(range(10), key=lambda i: weights[i])
        self.assertIn(f"({best})", self.tip().splitlines()[1])
        self.assertIn(f"{float(f'{100 * weights[best]:.3g}'):g} %", self.tip())
        self.assertEqual(len(self.all("#maps-side svg line")), sum(w >= 0.02 for w in weights))
        self.all("#maps > .tools input")[-1].click()
        self.script("arguments[0].click()", self.one("#head-grid button[data-layer='0'][data-head='0']"))
        self.assertEqual(len(self.all("#head-grid button[aria-pressed=true]")), 2)
        self.point_at(self.one("#maps-side rect.matrix"))
        self.assertIn("weight", self.tip())
        word = self.one("#maps-side rect.word[data-place='3']")
        self.script("arguments[0].focus()", word)
        word.send_keys(Keys.ARROW_DOWN)
        self.assertEqual(self.script("return document.activeElement.dataset.place"), "4")

    def test_a_word_is_searched_and_pointed_at_on_the_map(self):
        box = self.one("#word-search")
        box.send_keys("queen")
        self.assertIn("queen: ", self.one("#found").text)
        lit = [p for p in self.all("#words circle.point") if p.get_attribute("r") == "6"]
        self.assertEqual([p.get_attribute("data-word") for p in lit], ["queen"])
        self.point_at(lit[0])
        self.assertTrue(self.tip().startswith("queen\nnearest"))
        x = lit[0].get_attribute("cx")
        self.script("arguments[0].click()", self.one("#words button[aria-label='Zoom in']"))
        self.assertNotIn(x, [p.get_attribute("cx") for p in self.all("#words circle.point[r='6']")])
        box.send_keys("zzz")
        self.assertEqual(self.one("#found").text, "not among these")
        box.clear()
        box.send_keys(" ")
        self.script("arguments[0].click()", self.one("#words button[aria-label='The whole map']"))
        self.assertIn(x, [p.get_attribute("cx") for p in self.all("#words circle.point")])

    def test_samples_are_shown_by_step(self):
        slide, written = self.one("#sample-slider"), (self.run_folder / "samples.txt").read_text()
        self.assertEqual(slide.get_attribute("max"), str(written.count("--- after step ") - 1))
        for i, step in enumerate((20, 40, 60)):
            self.script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", slide, i)
            self.assertIn(f"after step {step}", self.one("#sample-step").text)
            self.assertIn(f"--- after step {step} ---\n" + self.script("return document.getElementById('sample').textContent"), written)

    def test_pictures_are_saved(self):
        buttons = self.all("button.save")
        self.assertGreaterEqual(len(buttons), 12)
        for selector, word in (("#summary-1", "unigram"), ("#walk-4", "weight"), ("#words-1", "queen")):
            self.script("arguments[0].click()", self.one(f"{selector} button.save"))
            files = wait_for(lambda: [f for f in self.downloads.glob(f"*{selector[1:]}.svg") if f.stat().st_size > 0])
            document = xml.dom.minidom.parse(str(files[0]))
            self.assertEqual(document.documentElement.tagName, "svg")
            self.assertTrue(word in files[0].read_text(), word)
            self.assertFalse("var(" in files[0].read_text(), "a colour that only the page knows")

    def test_two_runs_stand_side_by_side(self):
        self.assertEqual(len(self.all("#compare polyline")), 4)
        rows = {tuple(c.text for c in row.find_elements(By.CSS_SELECTOR, "th, td")) for row in self.all("#differing tbody tr")}
        self.assertTrue(any(row[0] == "train.steps" and row[1:] == ("60", "40") for row in rows))
        self.assertTrue(any(row[0] == "optim.lr" and row[2] == "0.01" for row in rows))
        self.assertFalse(any(row[0] == "model.n_layer" for row in rows))

    def test_what_is_not_there_names_its_key(self):
        self.assertIn("train.inspect_interval", self.one("#heads .missing").text)
        other = browser(width=400)
        try:
            other.get(self.plain.as_uri())
            text = other.find_element(By.ID, "samples").text
            self.assertIn("train.sample_interval", text)
            self.assertEqual(other.find_elements(By.ID, "compare"), [])
            self.assertLessEqual(other.execute_script("return document.documentElement.scrollWidth"), 400)
            self.assertEqual([l for l in other.get_log("browser") if l["level"] == "SEVERE"], [])
            for panel in other.find_elements(By.CSS_SELECTOR, "figure"):
                self.assertLessEqual(panel.size["width"], 400)
        finally:
            other.quit()

    def test_what_inspect_tells_is_drawn_where_it_is_there(self):
        text = self.plain.read_text()
        begin = text.index('id="data">') + len('id="data">')
        end = text.index("</script>", begin)
        data = json.loads(text[begin:end])
        heads = [(layer, head) for layer in range(2) for head in range(2)]
        figures = {"cosine": 0.25, "norm": 3.5}
        spectrum = {"singular_values": [3, 2, 1], "effective_rank": 2.5}
        data["runs"][0].update({
            "heads_course": {"names": ["step", "attention", "head", "entropy", "previous", "next"],
                             "rows": [[step, f"blocks/{layer}/attention", head, 1, step * (layer + 1) / 100, None]
                                      for step in (10, 20, 30) for layer, head in heads]},
            "heads": {"heads": [{"attention": f"blocks/{layer}/attention", "head": head, "scores": {"previous": 0.1 + layer + head, "<i>": 2},
                                 "ablated": {"zero": 0.5}} for layer, head in heads], "controls": {"untrained": {"previous": 0.125}}},
            "geometry": {"caveat": "disputed", "spaces": [{"space": f"hidden_states/{i}", "trained": figures, "untrained": figures} for i in range(3)]
                         + [{"space": f"blocks/{i}/attention/queries", "trained": figures, "untrained": figures} for i in range(2)]},
            "circuits": {"heads": [{"attention": f"blocks/{layer}/attention", "layer": layer, "head": head, "qk": spectrum, "ov": spectrum,
                                    "token_pairs": [{"query": f"q{layer}{head}", "key": "k", "score": 1}]} for layer, head in heads],
                         "composition": {"pairs": [{"from": {"attention": "a", "layer": 0, "head": 1}, "to": {"attention": "b", "layer": 1, "head": 0},
                                                    "q": 0.1, "k": 0.2, "v": 0.3}], "random": {"k": {"mean": 0.05}}}},
            "lens": {"inputs": ["a", "b"], "place": 1, "layers": [{"top": [{"id": 1, "token": "c", "probability": p}], "final": {"rank": 1, "probability": p}}
                                                                  for p in (0.1, 0.9)],
                     "attribution": {"token": {"id": 1, "token": "c"}, "logit": 3, "sum": 3,
                                     "parts": [{"part": "embeddings", "value": 4}, {"part": "blocks/0/attention", "head": 1, "value": -1}]}}})
        page = ROOT / "all.html"
        page.write_text(text[:begin] + json.dumps(data).replace("<", "\\u003c") + text[end:])
        other = browser(width=400)
        try:
            other.get(page.as_uri())
            self.assertEqual([l for l in other.get_log("browser") if l["level"] == "SEVERE"], [])
            self.assertLessEqual(other.execute_script("return document.documentElement.scrollWidth"), 400)

            def those(selector):
                return other.find_elements(By.CSS_SELECTOR, selector)

            def rows(selector):  # what cannot be seen without scrolling, too
                return other.execute_script("return [...document.querySelectorAll(arguments[0])].map((row) => [...row.cells].map((c) => c.textContent))", selector)
            self.assertEqual(len(those("#heads-1 polyline")), 4)
            self.assertEqual([o.text for o in those("#heads-1 option")], ["entropy", "previous"])
            self.assertEqual([row[1] for row in rows("#heads-table tbody:nth-of-type(1) tr")], ["0.1", "1.1", "1.1", "2.1"])
            other.execute_script("arguments[0].click()", those("#heads-table th button")[0])
            self.assertEqual(rows("#heads-table tbody tr")[0][:2], ["L1H1", "2.1"])
            self.assertEqual(those("#heads-table th[aria-sort=descending]")[0].text, "previous")
            self.assertEqual(rows("#heads-table tbody:nth-of-type(2) tr"), [["untrained", "0.125", "", ""]])
            self.assertEqual(len(those("#geometry-grid figure")), 2)
            self.assertEqual(len(those("#geometry-grid figure:first-child polyline")), 2)
            self.assertIn("disputed", those("#geometry")[0].text)
            those("#circuits-1 select")[0].send_keys("L1H1")
            self.assertIn("q11", those("#token-pairs")[0].text)
            self.assertIn("random 0.05", those("#circuits")[0].text)
            self.assertEqual(rows("#lens tbody tr"), [["embeddings", "c 10 %"], ["layer 0", "c 90 %"]])
            self.assertIn("L0H1", those("#lens-2")[0].text)
        finally:
            other.quit()

    def test_light_and_dark(self):
        def paper():
            return self.script("return getComputedStyle(document.body).backgroundColor")
        light = paper()
        self.script("arguments[0].click()", self.one("#theme"))
        self.assertNotEqual(paper(), light)
        self.assertIn(self.one("#theme").text, ("Light", "Dark"))
        self.script("arguments[0].click()", self.one("#theme"))
        self.assertEqual(paper(), light)
        for theme in ("dark", "light"):
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
            wait_for(lambda: self.script("return document.documentElement.dataset.theme") == theme)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)

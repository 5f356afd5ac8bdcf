// The end of the walk: all heads together, the MLP, and the prediction with its sliders.

function walkHeads(walk) {
  const {node, now, state, watchers, update} = walk;
  node.append(el('h3', {}, 'The heads are joined'), el('p', {},
    'All heads of a layer do this side by side, each with matrices of its own, and what they add is added together. Some heads say much at this token, some hardly anything.'));
  const fig = figure(node, 'How much each head of the layer adds at this token', 'The length of what each adds; the chosen head is in colour. Click another to follow it.', (width) => {
    const {attention} = now();
    const svg = barRows(width, 'Length of what each head adds', attention.heads.map((head, i) => ({name: `head ${i}`, value: head.lengths[state.place]})), '');
    [...svg.querySelectorAll('rect[rx]')].forEach((bar, i) => { if (i !== state.head) { bar.setAttribute('fill', 'var(--soft)'); bar.setAttribute('fill-opacity', 0.5); } });
    svg.querySelectorAll('rect.hit').forEach((hit, i) => hit.addEventListener('click', () => { state.head = i; update(); }));
    return svg;
  });
  watchers.push(fig.redraw);
}

function walkMlp(walk) {
  const {node, now, state, watchers, passage} = walk;
  if (Object.keys(passage.mlps).length === 0) return;
  node.append(el('h3', {}, 'The MLP, and on to the next layer'), el('p', {},
    'Then each token alone goes through two matrices with a bend between them: the first asks many small questions, of which few are answered yes; the second adds what follows from these. After the last layer the row holds what comes next.'));
  const pair = el('div', {class: 'side', id: 'walk-mlp'});
  node.append(pair);
  const units = figure(pair, 'The strongest units of the MLP', 'After the activation, for the chosen token.', (width) => {
    const {attention} = now();
    const mlp = passage.mlps[attention.name.replace(/(cross_)?attention$/, 'mlp')];
    if (!mlp) return el('p', {}, '–');
    const one = mlp.places[state.place];
    return barRows(width, `Of ${mlp.width} units ${one.above} are above 0`, one.strongest.map(([unit, value]) => ({name: `unit ${unit}`, value: Math.max(0, value), shown: num(value)})), '');
  });
  const grow = figure(pair, 'How long the row is, layer by layer', '0 is what goes into the first layer.', (width) => {
    const {attention, queries} = now();
    const lengths = streamOf(passage.lengths, attention);
    return chart(width, {title: 'Length of the row by layer', x: lengths.map((_, i) => i), xname: 'layer', whole: true, height: 220, zero: true,
      series: [{name: seen(queries[state.place]), y: lengths.map((l) => l[state.place])}, {name: 'mean', y: lengths.map((l) => l.reduce((a, b) => a + b, 0) / l.length), dash: '3 3'}]});
  });
  watchers.push(units.redraw, grow.redraw);
}

// Probabilities of scores that are sorted, the highest first, as `heddle generate` draws from them: softmax(logits /
// temperature) of the top_k likeliest alone (0: all), and of those of the fewest that together reach top_p.
function drawn(logits, temperature, topK, topP) {
  if (temperature === 0) return [1];
  const count = topK > 0 ? Math.min(topK, logits.length) : logits.length;
  const weights = logits.slice(0, count).map((l) => Math.exp((l - logits[0]) / temperature));
  let total = weights.reduce((a, b) => a + b, 0);
  if (topP < 1) {
    let reached = 0, kept = 0;
    while (kept < weights.length && reached < topP * total) reached += weights[kept++];
    weights.length = kept;
    total = reached;
  }
  return weights.map((w) => w / total);
}

function walkPrediction(walk) {
  const {node, passage, watchers, state, now} = walk;
  const p = passage.prediction, classes = p.what === 'class';
  const asked = {next: 'the next token', hidden: `the token hidden at place ${p.place}`, class: 'the class'}[p.what];
  node.append(el('h3', {}, 'Scores become probabilities'), el('p', {},
    `The last row is compared with a vector of every ${classes ? 'class' : 'token of the vocabulary'}, which gives ${num(p.logits.length)} scores (logits), and the softmax makes probabilities of them. ` +
    (classes ? 'The likeliest is the answer.' : 'A token is drawn with them: temperature makes the choice safer or wilder, top-k and top-p leave only the likeliest.')));
  if (p.what === 'next') {
    const before = (passage.inputs || []).slice(-12).map((t) => t).join(RUN.tokens && ['word', 'letters'].includes(RUN.tokens.kind) ? ' ' : '');
    node.append(el('p', {class: 'missing', id: 'before'}, '… ' + before + ' ', el('strong', {}, '?')));
  }
  const settings = {temperature: 1, topK: 0, topP: 1};
  let fig = null;
  const redraw = () => fig && fig.redraw();
  const controls = [
    slider('temperature', 0, 2, 0.05, 1, (v) => num(v, 3), (v) => { settings.temperature = v; redraw(); }),
    ...(classes ? [] : [
      slider('top-k', 0, Math.min(50, p.logits.length), 1, 0, (v) => (v === 0 ? 'all' : String(v)), (v) => { settings.topK = v; redraw(); }),
      slider('top-p', 0.05, 1, 0.05, 1, (v) => num(v, 3), (v) => { settings.topP = v; redraw(); })])];
  const truth = p.truth !== '' ? p.truth : null;
  fig = figure(node, `Probabilities of ${asked}`,
    truth !== null ? `What really ${p.what === 'next' ? 'came next' : p.what === 'hidden' ? 'stood there' : 'it is'}: ${seen(truth)}.` : '', (width) => {
      const probabilities = drawn(p.logits, settings.temperature, settings.topK, settings.topP);
      const plain = drawn(p.logits, 1, 0, 1);
      const rows = p.names.slice(0, 16).map((name, i) => ({name: seen(name), value: probabilities[i] || 0, shown: percent(probabilities[i] || 0),
        told: `${seen(name)}\nlogit ${num(p.logits[i], 6)}\nprobability ${percent(probabilities[i] || 0, 5)}\n(at temperature 1, of all: ${percent(plain[i], 5)})`}));
      const svg = barRows(width, `Probabilities of ${asked}`, rows, '');
      svg.querySelectorAll('rect[rx]').forEach((bar, i) => {
        bar.setAttribute('data-probability', rows[i].value);
        if (truth !== null && p.names[i] === truth) bar.setAttribute('fill', 'var(--c2)');
      });
      svg.setAttribute('aria-label', `Probabilities of ${asked}; ${probabilities.length} can be drawn`);
      return el('div', {}, svg, el('figcaption', {id: 'can-be-drawn'},
        `${num(probabilities.length)} of ${num(p.logits.length)} can be drawn; the first ${Math.min(16, rows.length)} together have ${percent(rows.reduce((a, r) => a + r.value, 0))}.`));
    }, controls);
  node.append(numbersOf('Table of logits and probabilities', () => table(['name', 'logit', 'probability'],
    p.names.map((name, i) => [seen(name), num(p.logits[i], 6), percent(drawn(p.logits, 1, 0, 1)[i], 5)]), 'Logits and probabilities')));
  if (passage.best.length > 0) {
    const names = placesOf(passage, 'inputs', passage.best.length);
    const guesses = el('p', {id: 'guesses', class: 'missing'});
    node.append(el('p', {}, 'The same at every place: what it would have written after each token.'));
    const box = chooser(names, 'Guesses after each token', (i) => {
      markChosen(box, i);
      guesses.textContent = `After ${seen(names[i])}: ` + passage.best[i].map(([name, value]) => `${seen(name)} ${percent(value)}`).join(', ');
    }, (button, i) => {
      const right = names[i + 1] !== undefined && passage.best[i][0][0] === names[i + 1];
      if (right) button.style.borderColor = 'var(--c2)';
      hint(button, () => passage.best[i].map(([name, value]) => `${percent(value)}  ${seen(name)}`).join('\n'));
    });
    node.append(box, guesses);
    box.children[box.children.length - 1].click();
  }
}

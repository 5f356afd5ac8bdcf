// A walk through one prediction: from words over queries, keys and values to probabilities, with the model's own numbers.

// A row of cells, one a component: above 0 in one colour, below in another, the stronger the larger.
function cells(x, y, width, height, values, scale, name) {
  const group = sv('g', {});
  const each = width / values.length;
  values.forEach((v, i) => group.append(sv('rect', {x: x + i * each, y, width: Math.max(0.5, each - (each > 6 ? 1 : 0)), height,
    fill: v >= 0 ? 'var(--plus)' : 'var(--minus)', 'fill-opacity': finite(v) ? Math.min(1, Math.abs(v) / (scale || 1)) : 0})));
  const over = sv('rect', {x, y, width, height, fill: 'transparent', stroke: 'var(--line)', 'stroke-width': 1});
  group.append(hint(over, (event) => {
    const i = Math.max(0, Math.min(values.length - 1, Math.floor((pointerX(group.ownerSVGElement, event) - x) / each)));
    return `${name}\ncomponent ${i}: ${num(values[i])}\nlength ${num(length(values))}`;
  }));
  return group;
}

// What an attention is called by people: "decoder, cross-attention".
function attentionKind(name) {
  const side = name.startsWith('encoder') ? 'encoder, ' : name.startsWith('decoder') ? 'decoder, ' : '';
  return side + (name.endsWith('cross_attention') ? 'cross-attention' : 'attention');
}
const layerOf = (name) => Number((name.match(/blocks\/(\d+)\//) || [0, 0])[1]);
const isCross = (a) => a.name.endsWith('cross_attention');
// The words of one side, or numbers for places that are none.
function placesOf(passage, side, count) {
  const names = passage[side];
  if (names.length === count) return names;
  return Array.from({length: count}, (_, i) => (passage.features && i === 0 && passage.features.shape.length === 3 ? '[class]' : String(i)));
}
// The attentions by kind, in the order of their layers: {"attention": [...]}.
function attentionsByKind(passage) {
  const kinds = {};
  for (const a of passage.attentions) (kinds[attentionKind(a.name)] ||= []).push(a);
  for (const all of Object.values(kinds)) all.sort((a, b) => layerOf(a.name) - layerOf(b.name));
  return kinds;
}

// Words to choose one of, by pointer or arrow keys.
function chooser(names, label, chosen, extra) {
  const box = el('div', {class: 'tokens', role: 'group', 'aria-label': label});
  names.forEach((name, i) => {
    const button = el('button', {type: 'button', 'data-place': i, onclick: () => chosen(i)}, seen(name));
    if (extra) extra(button, i);
    button.addEventListener('keydown', (event) => {
      const to = {ArrowRight: i + 1, ArrowLeft: i - 1}[event.key];
      if (to !== undefined && box.children[to]) { event.preventDefault(); box.children[to].focus(); }
    });
    box.append(button);
  });
  return box;
}
function markChosen(box, place) {
  [...box.children].forEach((button, i) => {
    button.setAttribute('aria-pressed', String(i === place));
    button.classList.toggle('query', i === place);
  });
}

function walkPart() {
  const passage = RUN.passage;
  const node = section('walk', 'One prediction, step by step',
    passage ? 'Every number below is this model’s own, for one example. Choose a word, a layer and a head, and follow what becomes of it.' : null,
    lacking('passage', 'This kind of model has no steps to walk through; a transformer has (model.kind = gpt).'));
  if (!node) return;
  const kinds = attentionsByKind(passage), names = Object.keys(kinds);
  const state = {kind: names.includes('decoder, cross-attention') ? 'decoder, cross-attention' : names[0], layer: 0, head: 0, place: null};
  const watchers = [];
  const now = () => {
    const attention = kinds[state.kind][Math.min(state.layer, kinds[state.kind].length - 1)];
    const head = attention.heads[Math.min(state.head, attention.heads.length - 1)];
    return {attention, head, queries: placesOf(passage, attention.queries_of, head.weights.length), keys: placesOf(passage, attention.keys_of, head.weights[0].length)};
  };
  const update = () => { hideTip(); for (const watch of watchers) watch(); };
  const walk = {passage, node, state, now, watchers, update, kinds};

  node.append(el('h3', {}, passage.inputs.length > 0 ? 'Text becomes tokens' : 'What it is shown'));
  if (passage.features) {
    node.append(el('p', {}, 'This model sees numbers: a picture cut into patches, or a sound cut into frames. Each is a place, and the first of a picture is the class token.'));
  } else if (passage.inputs.length === 0) {
    node.append(el('p', {}, 'This model sees a row of numbers at once, and no text.'));
  } else {
    node.append(el('p', {}, 'The text is cut into tokens, and each becomes its number in the vocabulary. Choose the token to follow.'));
  }
  if (names.length === 0) {
    if (passage.inputs.length > 0) node.append(chooser(passage.inputs, 'Tokens', () => {}, (b, i) => hint(b, () => `number ${passage.input_ids[i]}`)));
    node.append(el('p', {}, `A model of this kind (${RUN.course.model}) has no attention: it goes straight to its scores.`));
  } else {
    walkControls(walk, names);
    walkEmbeddings(walk);
    if (kinds[state.kind][0].heads[0].queries) {
      walkVectors(walk);
      walkScores(walk);
      walkSum(walk);
    } else {
      node.append(el('p', {class: 'missing'}, 'The vectors of so long an example would fill this page: with --text and a shorter text they are here. Weights are below.'));
    }
    walkHeads(walk);
    walkMlp(walk);
  }
  walkPrediction(walk);
  update();
}

function walkControls(walk, names) {
  const {state, node, passage, kinds, now, update} = walk;
  const words = el('div', {id: 'walk-words'});
  const controls = el('div', {class: 'tools text', id: 'walk-controls'});
  const build = () => {
    const {attention, queries} = now();
    const box = chooser(queries, 'The token to follow', (i) => { state.place = i; markChosen(box, i); update(); }, (button, i) => {
      const ids = attention.queries_of === 'source' ? passage.source_ids : passage.input_ids;
      hint(button, () => `place ${i}` + (ids[i] !== undefined ? `, number ${ids[i]} of the vocabulary` : ''));
    });
    const asked = attention.queries_of === 'inputs' ? passage.prediction.place : queries.length - 1;
    state.place = Math.min(state.place ?? asked, queries.length - 1);
    markChosen(box, state.place);
    words.replaceChildren(box);
    controls.replaceChildren(...[
      names.length > 1 ? select('attention', names, names.indexOf(state.kind), (i) => { state.kind = names[i]; state.layer = state.head = 0; state.place = null; build(); update(); }) : null,
      select('layer', kinds[state.kind].map((a) => String(layerOf(a.name))), state.layer, (i) => { state.layer = i; update(); }),
      select('head', attention.heads.map((_, i) => String(i)), state.head, (i) => { state.head = i; update(); })].filter((c) => c));
  };
  build();
  walk.watchers.push(() => { controls.lastChild.lastChild.value = state.head; });
  node.append(words, controls);
}

// The stream of a side by layer: {"hidden_states/0": ...} of the attention's own transformer.
function streamOf(table, attention) {
  const prefix = attention.name.slice(0, attention.name.indexOf('blocks/')) + 'hidden_states/';
  return Object.keys(table).filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
    .sort((a, b) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length))).map((name) => table[name]);
}

function walkEmbeddings(walk) {
  const {node, now, passage, watchers} = walk;
  node.append(el('h3', {}, 'Tokens become vectors'), el('p', {},
    'Each token is looked up in a table of vectors, and its position is added. Such a row of numbers is all that the model knows of it; each layer reads it and adds something to it.'));
  const fig = figure(node, 'What goes into the layer, a row a token', 'Above zero in one colour, below in the other. Hover for the numbers.', (width) => {
    const {attention, queries} = now();
    const layers = streamOf(passage.streams, attention), layer = layerOf(attention.name);
    const rows = layers[layer];
    if (!rows) return el('p', {class: 'missing'}, 'The vectors of so long an example are left out.');
    const row = 15, left = Math.min(110, width * 0.28), svg = picture(width, rows.length * row + 4, `Vectors that go into layer ${layer}`, `${rows.length} tokens of ${rows[0].length} numbers each.`);
    const scale = largest(rows.flat()) * 0.6;
    rows.forEach((v, i) => svg.append(
      sv('text', {class: i === walk.state.place ? 'small strong' : 'small soft', x: left - 6, y: i * row + 12, 'text-anchor': 'end'}, short(seen(queries[i]), Math.floor(left / 7))),
      cells(left, i * row + 2, width - left, row - 3, v, scale, `${seen(queries[i])}, into layer ${layer}`)));
    return svg;
  });
  watchers.push(fig.redraw);
}

// Rows of named vectors, one under another.
function vectorRows(width, title, rows, scale) {
  const row = 34, svg = picture(width, rows.length * row, title, rows.map((r) => `${r.name}: length ${num(length(r.values))}`).join('; '));
  rows.forEach((r, i) => svg.append(
    sv('text', {class: 'small', x: 0, y: i * row + 11}, `${r.name}`),
    sv('text', {class: 'small soft', x: width, y: i * row + 11, 'text-anchor': 'end'}, `length ${num(length(r.values))}`),
    cells(0, i * row + 15, width, 14, r.values, scale || largest(r.values), r.name)));
  return svg;
}

function walkVectors(walk) {
  const {node, now, state, watchers} = walk;
  node.append(el('h3', {}, 'Query, key and value'), el('p', {},
    'Three learned matrices make three shorter vectors of each row. The query asks: what am I looking for? The key answers: what am I? The value says: what do I give to whoever looks at me?'));
  const fig = figure(node, 'Query, key and value of the chosen token, and key and value of what it looks at most', '', (width) => {
    const {head, queries, keys, attention} = now();
    const q = head.queries[state.place], weights = head.weights[state.place];
    const most = isCross(attention) ? weights.indexOf(Math.max(...weights)) : state.place;
    const target = weights.indexOf(Math.max(...weights));
    const rows = [{name: `query of ${seen(queries[state.place])}`, values: q}, {name: `key of ${seen(keys[most])}`, values: head.keys[most]}, {name: `value of ${seen(keys[most])}`, values: head.values[most]}];
    if (target !== most) rows.push({name: `key of ${seen(keys[target])}, which it looks at most`, values: head.keys[target]}, {name: `value of ${seen(keys[target])}`, values: head.values[target]});
    return vectorRows(width, 'Query, key and value', rows, Math.max(...rows.map((r) => largest(r.values))));
  });
  const details = el('div', {class: 'text'});
  node.append(details);
  watchers.push(fig.redraw, () => details.replaceChildren(numbersOf('Table of the head at this token', () => {
    const {head} = now(), at = state.place;
    const columns = [head.queries[at], head.keys[at], head.values[at], head.sums[at]];
    return table(['component', 'query', 'key', 'value', 'weighted sum'], columns[0].map((_, i) => [String(i), ...columns.map((c) => num((c || [])[i]))]), 'Vectors of the head');
  })));
}

function walkScores(walk) {
  const {node, now, state, watchers} = walk;
  node.append(el('h3', {}, 'Scores become weights'), el('p', {},
    'The query is multiplied with each key it may see: a large score means that the two fit. Scores are scaled, so that they do not grow with the width of a head, and the softmax turns them into weights that are positive and add up to 1.'));
  const rows = () => {
    const {head, keys, attention} = now();
    return keys.map((name, i) => ({name, place: i, score: head.scores[state.place][i], scaled: finite(head.scores[state.place][i]) ? head.scores[state.place][i] * attention.scale : NaN,
      weight: head.weights[state.place][i]})).filter((r) => finite(r.score));
  };
  const fig = figure(node, 'Score, scaled score and weight of each token that is seen', '', (width) => {
    const all = rows(), {attention, queries} = now(), row = 18, top = 22;
    const narrow = width < 560, left = Math.min(110, width * 0.24), one = (width - left) / (narrow ? 2 : 3);
    const svg = picture(width, all.length * row + top + 4, 'Scores and weights', all.map((r) => `${r.name}: weight ${num(r.weight)}`).join('; '));
    const columns = (narrow ? [] : [{name: 'score  q · k', key: 'score'}]).concat([
      {name: `times ${num(attention.scale)}`, key: 'scaled'}, {name: 'weight (softmax)', key: 'weight'}]);
    columns.forEach((c, k) => {
      const x = left + k * one, most = c.key === 'weight' ? 1 : Math.max(...all.map((r) => Math.abs(r[c.key]))) || 1, room = one - 70;
      const zero = c.key === 'weight' ? x : x + room / 2, unit = (c.key === 'weight' ? room : room / 2) / most;
      svg.append(sv('text', {class: 'soft small', x, y: 12}, c.name));
      all.forEach((r, i) => svg.append(
        sv('rect', {x: Math.min(zero, zero + r[c.key] * unit), y: top + i * row + 2, width: Math.max(0.5, Math.abs(r[c.key] * unit)), height: row - 6, rx: 1,
          fill: r[c.key] >= 0 ? 'var(--plus)' : 'var(--minus)'}),
        sv('text', {class: 'small', x: x + room + 6, y: top + i * row + 12, 'data-figure': c.key, 'data-place': r.place}, num(r[c.key]))));
    });
    all.forEach((r, i) => svg.append(
      sv('text', {class: 'small', x: left - 8, y: top + i * row + 12, 'text-anchor': 'end'}, short(seen(r.name), Math.floor(left / 7))),
      hint(sv('rect', {x: 0, y: top + i * row, width, height: row, fill: 'transparent', class: 'row'}),
        () => `${seen(queries[state.place])} looks at ${seen(r.name)} (place ${r.place})\nscore ${num(r.score, 5)}\nscaled ${num(r.scaled, 5)}\nweight ${num(r.weight, 5)}`)));
    return svg;
  });
  watchers.push(fig.redraw);
  const details = el('div', {class: 'text'});
  node.append(details);
  watchers.push(() => details.replaceChildren(numbersOf('Table of scores and weights', () => table(['token', 'place', 'score', 'scaled', 'weight'],
    rows().map((r) => [seen(r.name), r.place, num(r.score, 5), num(r.scaled, 5), num(r.weight, 5)]), 'Scores and weights'))));
}

function walkSum(walk) {
  const {node, now, state, watchers, passage} = walk;
  node.append(el('h3', {}, 'The weighted sum'), el('p', {},
    'Each value is taken as much as its weight says, and all are added. The sum goes through one more matrix, and what comes out is what this head adds to the token’s row.'));
  const fig = figure(node, 'The values that count most, their sum, and what the head adds', '', (width) => {
    const {head, keys, attention} = now();
    const weights = head.weights[state.place];
    const top = weights.map((w, i) => [w, i]).sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([w]) => w > 0.001);
    const rows = top.map(([w, i]) => ({name: `${num(w, 3)} × value of ${seen(keys[i])}`, values: head.values[i].map((v) => v * w)}));
    rows.push({name: 'sum of all', values: head.sums[state.place]}, {name: 'what the head adds to the row', values: head.outputs[state.place]});
    const stream = streamOf(passage.lengths, attention)[layerOf(attention.name)];
    const holder = el('div', {}, vectorRows(width, 'The weighted sum', rows, 0));
    if (stream) holder.append(el('figcaption', {}, `The row that it is added to has a length of ${num(stream[state.place])}; this head adds ${num(head.lengths[state.place])}.`));
    return holder;
  });
  watchers.push(fig.redraw);
}

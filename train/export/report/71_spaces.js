// Geometry by layer, circuits and the logit lens: what `heddle inspect` finds, where a page has it.

// Figures of a space under one name each, whatever they are: {a: 1, b: {c: 2}} is a, b c.
function flatFigures(value, before = '', into = {}) {
  for (const [name, v] of Object.entries(value || {})) {
    const full = (before ? before + ' ' : '') + name.replace(/_/g, ' ');
    if (finite(v)) into[full] = v;
    else if (v && typeof v === 'object' && !Array.isArray(v)) flatFigures(v, full, into);
  }
  return into;
}

const FIGURES = {
  cosine: ['Mean cosine of two vectors', 'Near 0: they point everywhere. Near 1: they crowd into one cone.'],
  'cosine without': ['The same without three dimensions', 'Where this falls far below, few large dimensions made the cone.'],
  'participation ratio': ['Directions in use', 'Over how many directions the variance is spread.'],
  'intrinsic dimension': ['Intrinsic dimension', 'How many numbers would tell where a vector lies (TwoNN).'],
  norm: ['Length', 'In the mean. Each layer adds to the stream.'],
  'norm deviation': ['Spread of length', 'The standard deviation of the lengths.'],
  hubness: ['Hubs', 'How unevenly vectors are near neighbours of others; 0 is even.'],
  'static share': ['What a word alone explains', 'The share of a token’s vectors that one fixed vector for it explains at best.'],
  'static chance': ['The same by chance', 'What one vector explains of as many vectors of any tokens.'],
  equal: ['Equal vectors', 'Of those that were drawn, how many equal one before.'],
};

function geometryPart() {
  const g = RUN.geometry, rows = g && (g.spaces || g.layers || []);
  const node = section('geometry', 'The shape of its spaces',
    g ? 'The rows of numbers that pass through the layers do not fill their space evenly: they crowd into few directions, and the layers spread and turn them. Beside the trained model stand controls: the same model before training, and shuffled text.' : null,
    lacking('geometry', 'heddle inspect geometry RUN tells how the spaces of a model’s layers are shaped; it wants a transformer or a recurrent network.'));
  if (!node) return;
  if (g.caveat) node.append(el('p', {class: 'missing'}, g.caveat));
  const kinds = {};
  for (const row of rows) {
    const name = String(row.space ?? row.name ?? 'layer');
    const number = (name.match(/\d+/) || [rows.indexOf(row)])[0];
    (kinds[name.replace(/\d+/, '#')] ||= []).push({...row, layer: Number(row.layer ?? number)});
  }
  const names = Object.keys(kinds), sides = ['trained', 'untrained', 'shuffled'];
  let kind = 0;
  const grid = el('div', {class: 'side', id: 'geometry-grid'});
  const shown = (name) => name.replace('hidden_states/#', 'residual stream').replace(/blocks\/#\//, '').replace(/_/g, '-').replace('/', ', ');
  const build = () => {
    const all = kinds[names[kind]];
    const figures = [...new Set(all.flatMap((row) => Object.keys(flatFigures(row.trained))))];
    grid.replaceChildren();
    for (const name of Object.keys(FIGURES).filter((n) => figures.includes(n)).concat(figures.filter((n) => !(n in FIGURES)))) {
      const [heading, told] = FIGURES[name] || [name, ''];
      figure(grid, heading, told, (width) => chart(width, {title: `${name} by layer, ${shown(names[kind])}`, x: all.map((row) => row.layer), xname: 'layer', whole: true, height: 200,
        series: sides.filter((s) => all.some((row) => row[s])).map((s, i) => ({name: s, dash: i > 0 ? '4 3' : '', y: all.map((row) => flatFigures(row[s])[name] ?? null)}))}));
    }
  };
  node.append(el('div', {class: 'tools'}, select('space', names.map(shown), 0, (i) => { kind = i; build(); })), grid);
  build();
  node.append(numbersOf('Table of all spaces', () => {
    const figures = [...new Set(rows.flatMap((row) => Object.keys(flatFigures(row.trained))))];
    return table(['space', 'model', ...figures], rows.flatMap((row) => sides.filter((s) => row[s]).map((s) =>
      [String(row.space ?? row.name), s, ...figures.map((name) => num(flatFigures(row[s])[name]))])), 'Geometry');
  }));
}

function circuitsPart() {
  const c = RUN.circuits;
  const node = section('circuits', 'Circuits: what a head can do at all',
    c ? 'Two matrices say all that a head can do, before it sees a text: QK, which tokens look at which, and OV, what is passed on from there (Elhage et al., 2021). Few large singular values mean that it does few things.' : null,
    lacking('circuits', 'heddle inspect circuits RUN tells what each head’s matrices can do; it wants a model with attention.'));
  if (!node) return;
  const heads = c.heads || [];
  let at = 0;
  const name = (h) => headName(String(h.attention), h.head);
  const pairs = el('div', {class: 'text', id: 'token-pairs'});
  const showPairs = () => {
    const list = (heads[at] || {}).token_pairs || [];
    pairs.replaceChildren(list.length > 0 ? table(['query', 'key', 'score'], list.map((p) => [seen(String(p.query)), seen(String(p.key)), num(p.score)]), 'Token pairs that fit best') : '');
  };
  if (heads.length > 0) {
    const fig = figure(node, 'Singular values of QK and OV', 'From the largest to the smallest. Beneath, the tokens whose query and key fit best in this head.', (width) => {
      const h = heads[at], qk = (h.qk || {}).singular_values || [], ov = (h.ov || {}).singular_values || [];
      const count = Math.max(qk.length, ov.length, 1);
      return chart(width, {title: `Singular values of ${name(h)}`, x: Array.from({length: count}, (_, i) => i + 1), xname: 'number', whole: true, zero: true, height: 240,
        series: [{name: 'QK', y: qk}, {name: 'OV', y: ov}]});
    }, [select('head', heads.map(name), 0, (i) => { at = i; fig.redraw(); showPairs(); })]);
    node.append(pairs);
    showPairs();
    const figuresOf = (h) => flatFigures({...h, layer: null, head: null});
    const columns = [...new Set(heads.flatMap((h) => Object.keys(figuresOf(h))))];
    node.append(numbersOf('Table of all heads', () => table(['head', ...columns], heads.map((h) => [name(h), ...columns.map((n) => num(figuresOf(h)[n]))]), 'Circuits')));
  }
  const composition = c.composition || {}, list = composition.pairs || [];
  if (list.length > 0) {
    let by = 'k';
    const short1 = (side) => headName(String(side.attention), side.head);
    const best = () => [...list].filter((p) => finite(p[by])).sort((a, b) => b[by] - a[by]).slice(0, 14);
    const control = (n) => (composition[n] && composition[n][by] ? `${n} ${num(composition[n][by].mean, 3)}` : null);
    const fig = figure(node, 'Heads that read what others wrote', 'Layer and head, and how strongly the second reads the first through its query, key or value.', (width) => {
      const told = ['all', 'untrained', 'random'].map(control).filter((t) => t).join(', ');
      return el('div', {}, barRows(width, 'Composition of heads', best().map((p) => ({name: `${short1(p.from)} → ${short1(p.to)}`, value: p[by],
        told: `${p.from.attention} head ${p.from.head} into ${p.to.attention} head ${p.to.head}\n${by} ${num(p[by], 5)}`})), ''), told ? el('figcaption', {}, `In the mean: ${told}.`) : null);
    }, [select('through', ['query', 'key', 'value'], 1, (i) => { by = 'qkv'[i]; fig.redraw(); })]);
  }
}

function lensPart() {
  const l = RUN.lens;
  const node = section('lens', 'The guess, layer by layer',
    l ? 'If the model had to answer after each layer, what would it say? The lens reads each layer as if it were the last (nostalgebraist, 2020). Beneath, the answer’s logit is taken apart into what each part of the model gave to it.' : null,
    lacking('lens', 'heddle inspect lens RUN --text "..." tells what each layer would answer; it wants a transformer that predicts tokens.'));
  if (!node) return;
  const layers = l.layers || [];
  const place = l.inputs && finite(l.place) ? l.inputs.slice(Math.max(0, l.place - 11), l.place + 1) : [];
  if (place.length > 0) node.append(el('p', {class: 'missing'}, '… ' + place.map(seen).join(' ')));
  if (layers.length > 0) {
    const tops = Math.max(...layers.map((layer) => (layer.top || []).length));
    node.append(el('div', {class: 'text'}, table(['layer', ...Array.from({length: tops}, (_, i) => `guess ${i + 1}`)],
      layers.map((layer, i) => [i === 0 ? 'embeddings' : `layer ${i - 1}`, ...(layer.top || []).map((t) => `${seen(String(t.token))} ${percent(t.probability)}`)]), 'Guesses by layer')));
    const finals = layers.map((layer) => flatFigures(layer.final || {}));
    figure(node, 'How probable the final answer is after each layer', '', (width) => chart(width, {title: 'Probability of the final answer by layer', x: layers.map((_, i) => i), xname: 'layers done', whole: true, zero: true, height: 220,
      series: [{name: 'probability', y: finals.map((f) => f.probability ?? null), labelled: false}]}));
  }
  const a = l.attribution;
  if (a && Array.isArray(a.parts)) {
    figure(node, `What gave the logit of ${seen(String(a.token.token))}`, `The parts add up to ${num(a.sum, 6)}; the logit is ${num(a.logit, 6)}.`,
      (width) => signedRows(width, 'Parts of the logit', a.parts.map((p) => ({name: p.head === undefined ? String(p.part).replace(/blocks\/(\d+)\/mlp/, 'L$1 MLP').replace(/blocks\/(\d+)\//, 'L$1 ') : headName(String(p.part), p.head), value: p.value}))));
  }
}

function signedRows(width, title, rows) {
  const row = 20, left = Math.min(170, width * 0.34), most = Math.max(...rows.map((r) => Math.abs(r.value))) || 1;
  const svg = picture(width, rows.length * row + 6, title, rows.slice(0, 16).map((r) => `${r.name}: ${num(r.value)}`).join('; '));
  const room = width - left - 70, zero = left + room / 2;
  rows.forEach((r, i) => {
    const y = i * row + 3, end = zero + r.value / most * room / 2;
    svg.append(sv('text', {class: 'small', x: left - 6, y: y + 13, 'text-anchor': 'end'}, short(r.name, Math.floor(left / 6.6))),
      sv('rect', {x: Math.min(zero, end), y: y + 2, width: Math.max(0.5, Math.abs(end - zero)), height: row - 6, fill: r.value >= 0 ? 'var(--plus)' : 'var(--minus)'}),
      sv('text', {class: 'small soft', x: left + room + 6, y: y + 13}, num(r.value)),
      hint(sv('rect', {x: 0, y, width, height: row, fill: 'transparent'}), () => `${r.name}\n${num(r.value, 6)}`));
  });
  return svg;
}

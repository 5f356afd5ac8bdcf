// Attention of every layer and head: small pictures to choose from, and the chosen ones large: as lines between words,
// as a matrix, or over a picture.

// A matrix of weights on a canvas, a pixel each.
function weightsCanvas(canvas, weights, once = false) {
  const paint = () => {
    canvas.width = weights[0].length;
    canvas.height = weights.length;
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent');
    weights.forEach((row, i) => row.forEach((w, j) => {
      context.globalAlpha = Math.sqrt(Math.max(0, w));  // small weights are to be seen, too
      context.fillRect(j, i, 1, 1);
    }));
  };
  if (!once) repaint.push(paint);
  paint();
  return canvas;
}
const meanWeights = (heads) => heads.length === 1 ? heads[0].weights
  : heads[0].weights.map((row, i) => row.map((_, j) => heads.reduce((sum, h) => sum + h.weights[i][j], 0) / heads.length));

function mapsPart() {
  const passage = RUN.passage && RUN.passage.attentions.length > 0 ? RUN.passage : null;
  const node = section('maps', 'Attention of every head',
    passage ? 'Each small picture is one head: a row for each place that looks, a column for each that is looked at, stronger where more weight goes. Choose one, then hover a ' + (passage.features ? 'place' : 'word') + ' to see what it attends to.' : null,
    passage ? '' : RUN.passage ? `A model of this kind (${RUN.course.model}) has no attention.`
      : lacking('passage', 'No attention is in this kind of model. model.kind = gpt, bert, seq2seq, vit and audio have it.'));
  if (!node) return;
  const kinds = attentionsByKind(passage), names = Object.keys(kinds);
  const state = {kind: names.find((name) => name.endsWith('cross-attention')) || names[0], chosen: [[0, 0]], several: false, place: -1, pinned: false};
  const attention = () => kinds[state.kind][state.chosen[0][0]];
  const heads = () => state.chosen.map(([layer, head]) => kinds[state.kind][layer].heads[head]);
  const view = {passage, state, attention, watchers: [],
    weights: () => meanWeights(heads()),
    queries: () => placesOf(passage, attention().queries_of, attention().heads[0].weights.length),
    keys: () => placesOf(passage, attention().keys_of, attention().heads[0].weights[0].length),
    name: () => `${state.kind}, ` + state.chosen.map(([layer, head]) => `layer ${layer} head ${head}`).join(' and ')};
  view.update = () => { for (const watch of view.watchers) watch(); };

  const grid = el('div', {class: 'heads', id: 'head-grid'});
  const choose = (layer, head) => {
    const at = state.chosen.findIndex(([l, h]) => l === layer && h === head);
    if (!state.several) state.chosen = [[layer, head]];
    else if (at < 0) state.chosen.push([layer, head]);
    else if (state.chosen.length > 1) state.chosen.splice(at, 1);
    mark();
    view.update();
  };
  const mark = () => grid.querySelectorAll('button').forEach((b) => b.setAttribute('aria-pressed',
    String(state.chosen.some(([l, h]) => b.dataset.layer === String(l) && b.dataset.head === String(h)))));
  const build = () => {
    grid.replaceChildren(...kinds[state.kind].flatMap((a, layer) => [
      el('span', {class: 'layer'}, `layer ${layer}`),
      el('div', {class: 'row'}, a.heads.map((head, h) => hint(
        el('button', {type: 'button', 'data-layer': layer, 'data-head': h, 'aria-label': `layer ${layer}, head ${h}`, onclick: () => choose(layer, h)},
          weightsCanvas(el('canvas', {'aria-hidden': 'true'}), head.weights)), () => `layer ${layer}, head ${h}`)))]));
    mark();
  };
  build();
  node.append(el('div', {class: 'tools'}, names.length > 1
    ? select('attention', names, names.indexOf(state.kind), (i) => { state.kind = names[i]; state.chosen = [[0, 0]]; state.place = -1; build(); view.update(); }) : null,
  toggle('several heads together (their mean)', false, (on) => {
    state.several = on;
    if (!on) { state.chosen = [state.chosen.at(-1)]; mark(); view.update(); }
  })), grid);
  view.node = el('div', {class: 'side', id: 'maps-side'});
  node.append(view.node);
  if (passage.features) mapOverPicture(view);
  else mapOverText(view);
  mapMatrix(view);
  view.update();
}

// Tells what a place attends to.
function attendsTo(view, place, most = 8) {
  const keys = view.keys(), row = view.weights()[place];
  return row.map((w, i) => [w, i]).sort((a, b) => b[0] - a[0]).slice(0, most).filter(([w]) => w >= 0.001)
    .map(([w, i]) => `${percent(w)}  ${keys[i] === String(i) ? 'place ' + i : `${seen(keys[i])} (${i})`}`).join('\n');
}

function mapOverText(view) {
  const {node, state} = view;
  const fig = figure(node, 'Lines from each word to what it attends to',
    'Left the word that looks, right what it looks at; the thicker a line the more weight. Hover or focus a word on the left, or click to hold it.', (width) => {
      const queries = view.queries(), keys = view.keys(), weights = view.weights();
      const row = 21, side = Math.min(150, width * 0.3), wide = Math.min(width, 620), rows = Math.max(queries.length, keys.length);
      const svg = picture(wide, rows * row + 8, `Attention of ${view.name()}`, 'Lines between words: ' + view.name());
      const lines = sv('g', {}), y = (i) => i * row + 14;
      const shades = keys.map((_, j) => sv('rect', {x: wide - side, y: y(j) - 14, width: side, height: row - 2, rx: 3, fill: 'var(--accent)', 'fill-opacity': 0}));
      svg.append(...shades, lines);
      const show = (place) => {
        lines.replaceChildren();
        weights.forEach((line, i) => line.forEach((w, j) => {
          if (w < 0.02 || (place >= 0 && i !== place)) return;
          lines.append(sv('line', {x1: side + 4, y1: y(i) - 4, x2: wide - side - 4, y2: y(j) - 4, stroke: 'var(--accent)',
            'stroke-width': Math.max(0.4, 4 * w), 'stroke-opacity': place >= 0 ? 0.25 + 0.75 * w : Math.max(0.12, w)}));
        }));
        shades.forEach((s, j) => s.setAttribute('fill-opacity', place >= 0 ? weights[place][j] : 0));
        words.forEach((w, i) => w.classList.toggle('strong', i === place));
      };
      const words = queries.map((name, i) => sv('text', {x: side - 4, y: y(i), 'text-anchor': 'end'}, short(seen(name), Math.floor(side / 7.4))));
      const hits = queries.map((name, i) => {
        const hit = sv('rect', {class: 'word', x: 0, y: y(i) - 14, width: side, height: row, fill: 'transparent', tabindex: 0, role: 'button', 'aria-label': `${name}, place ${i}`, 'data-place': i});
        const enter = () => { if (!state.pinned) { state.place = i; show(i); } };
        hit.addEventListener('pointerenter', enter);
        hit.addEventListener('focus', () => { state.place = i; show(i); say(attendsTo(view, i)); });
        hit.addEventListener('pointerleave', () => { if (!state.pinned) { state.place = -1; show(-1); } });
        const hold = () => { state.pinned = !(state.pinned && state.place === i); state.place = i; show(i); };
        hit.addEventListener('click', hold);
        hit.addEventListener('keydown', (event) => {
          const to = {ArrowDown: i + 1, ArrowUp: i - 1}[event.key];
          if (to !== undefined && hits[to]) { event.preventDefault(); hits[to].focus(); }
          if (event.key === 'Enter') hold();
        });
        return hint(hit, () => `${seen(name)} attends to\n${attendsTo(view, i)}`);
      });
      svg.append(...words, ...keys.map((name, j) => sv('text', {x: wide - side + 4, y: y(j)}, short(seen(name), Math.floor(side / 7.4)))), ...hits);
      show(state.pinned && state.place < queries.length ? state.place : -1);
      return el('div', {class: 'scroll'}, svg);
    });
  view.watchers.push(fig.redraw);
}

function mapMatrix(view) {
  const {node} = view;
  const fig = figure(node, 'The weights as a matrix', 'Each row adds up to 1.' + (RUN.course.model === 'gpt' ? ' Above the diagonal it is empty: a model that writes sees nothing of what comes later.' : ''), (width) => {
    const queries = view.queries(), keys = view.keys(), weights = view.weights();
    const left = 92, top = 84, most = Math.max(keys.length, queries.length);
    const cell = Math.max(most > 64 ? 5 : 12, Math.min(24, Math.floor((width - left) / most)));
    const named = cell >= 9;
    const svg = picture(left + keys.length * cell + 44, top + queries.length * cell + 4, `Weights of ${view.name()}`, 'A row for each place that looks, a column for each that is looked at.');
    const mark = sv('rect', {width: cell, height: cell, fill: 'none', stroke: 'var(--ink)', visibility: 'hidden'});
    if (keys.length * queries.length > 6000) {  // too many for a node each
      svg.append(sv('image', {href: weightsCanvas(el('canvas', {}), weights, true).toDataURL(), x: left, y: top, width: keys.length * cell, height: queries.length * cell, preserveAspectRatio: 'none', style: 'image-rendering:pixelated'}));
    }
    weights.forEach((row, i) => {
      if (named) svg.append(sv('text', {class: 'small', x: left - 6, y: top + i * cell + cell / 2 + 4, 'text-anchor': 'end'}, short(seen(queries[i]), 12)));
      if (keys.length * queries.length > 6000) return;
      row.forEach((w, j) => {
        if (w >= 0.0005) svg.append(sv('rect', {x: left + j * cell, y: top + i * cell, width: cell - (cell > 8 ? 1 : 0), height: cell - (cell > 8 ? 1 : 0), fill: 'var(--accent)', 'fill-opacity': Math.sqrt(w).toFixed(3)}));
      });
    });
    if (named) keys.forEach((name, j) => svg.append(sv('text', {class: 'small', transform: `translate(${left + j * cell + cell / 2 + 4} ${top - 6}) rotate(-70)`}, short(seen(name), 10))));
    const over = sv('rect', {class: 'matrix', x: left, y: top, width: keys.length * cell, height: queries.length * cell, fill: 'transparent', stroke: 'var(--line)', tabindex: 0, role: 'application', 'aria-label': 'Weights; arrow keys move'});
    let at = [0, 0];
    const told = () => `${seen(queries[at[0]])} (${at[0]}) looks at ${seen(keys[at[1]])} (${at[1]})\nweight ${num(weights[at[0]][at[1]], 5)}`;
    const go = (i, j) => {
      at = [Math.max(0, Math.min(queries.length - 1, i)), Math.max(0, Math.min(keys.length - 1, j))];
      for (const [name, value] of [['x', left + at[1] * cell], ['y', top + at[0] * cell], ['visibility', 'visible']]) mark.setAttribute(name, value);
    };
    hint(over, (event) => {
      if (event.type !== 'focus') {
        const box = svg.getBoundingClientRect(), unit = svg.viewBox.baseVal.width / box.width;
        go(Math.floor(((event.clientY - box.top) * unit - top) / cell), Math.floor(((event.clientX - box.left) * unit - left) / cell));
      }
      return told();
    });
    over.addEventListener('keydown', (event) => {
      const move = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
      if (!move) return;
      event.preventDefault();
      go(at[0] + move[0], at[1] + move[1]);
      say(told());
      const box = mark.getBoundingClientRect();
      showTip(told(), box.left, box.bottom - 10);
    });
    svg.append(mark, over);
    return el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Matrix of weights'}, svg);
  });
  view.watchers.push(fig.redraw);
  repaint.push(fig.redraw);
}

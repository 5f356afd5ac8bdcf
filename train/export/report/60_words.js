// Tokens' vectors in the plane: hover, zoom, search.

function wordsPart() {
  const w = RUN.words;
  const node = section('words', 'A map of its vocabulary',
    w ? `Each token has a vector of ${w.dimensions} numbers, learned from nothing but the company it keeps. Here the ${num(w.points.length)} most frequent of ${num(w.all)} are laid out in the plane; colours are clusters in the whole space.` : null,
    lacking('words', 'This kind of model has no table of tokens, or the vocabulary is too small to draw. model.kind = word2vec, gpt, bert, recurrent have one.'));
  if (!node) return;
  const state = {plane: w.planes.length - 1, k: 1, x: 0, y: 0, search: '', at: -1};
  const names = {pca: 'PCA: the two directions of most variance', tsne: 't-SNE: neighbours stay neighbours'};
  const found = el('output', {class: 'control', id: 'found'});
  const matches = () => {
    const wanted = state.search.trim().toLowerCase();
    if (!wanted) return [];
    const all = w.points.map((p, i) => [p.word.toLowerCase(), i]).filter(([word]) => word.includes(wanted));
    return all.sort((a, b) => (b[0].trim() === wanted) - (a[0].trim() === wanted)).map(([, i]) => i);
  };
  const search = el('input', {type: 'search', placeholder: 'search a word', 'aria-label': 'Search a word', id: 'word-search', oninput: () => {
    state.search = search.value;
    const all = matches();
    found.textContent = !state.search.trim() ? '' : all.length === 0 ? 'not among these' : all.length === 1 ? nearText(all[0]) : `${all.length} found`;
    fig.redraw();
  }});
  const nearText = (i) => `${seen(w.points[i].word)}: ` + w.points[i].near.map(([word, c]) => `${seen(word)} ${num(c, 3)}`).join(', ');
  const zoom = (factor) => { state.k = Math.max(1, Math.min(40, state.k * factor)); fig.redraw(); };
  const fig = figure(node, 'Tokens in the plane', '', (width) => {
    const height = Math.min(620, Math.max(340, width * 0.62)), plane = w.planes[state.plane], pad = 24;
    const xs = plane.places.map((p) => p[0]), ys = plane.places.map((p) => p[1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const px = (v) => width / 2 + state.k * ((v - x0) / (x1 - x0 || 1) * (width - 2 * pad) + pad - width / 2) + state.x;
    const py = (v) => height / 2 + state.k * ((y1 - v) / (y1 - y0 || 1) * (height - 2 * pad) + pad - height / 2) + state.y;
    const svg = picture(width, height, 'Tokens in the plane', `${w.points.length} tokens by ${plane.method}. Search names a token and its nearest.`);
    const clip = 'plane-clip';
    svg.append(sv('clipPath', {id: clip}, sv('rect', {x: 0, y: 0, width, height})), sv('rect', {x: 0, y: 0, width, height, fill: 'transparent', stroke: 'var(--line)'}));
    const dots = sv('g', {}), texts = sv('g', {});
    const group = sv('g', {'clip-path': `url(#${clip})`}, dots), labels = sv('g', {'clip-path': `url(#${clip})`, 'pointer-events': 'none'}, texts);
    const hits = new Set(matches()), taken = [];
    const places = w.points.map((p, i) => [px(xs[i]), py(ys[i])]);
    const free = (x, y, wide) => {
      const box = [x, y - 10, x + wide, y + 4];
      if (x < 0 || x + wide > width || y < 10 || y > height) return false;
      if (taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) return false;
      taken.push(box);
      return true;
    };
    const order = [...hits, ...w.points.map((_, i) => i).filter((i) => !hits.has(i))];
    w.points.forEach((p, i) => {
      const [x, y] = places[i];
      if (x < -5 || y < -5 || x > width + 5 || y > height + 5) return;
      const hit = hits.has(i), dot = sv('circle', {class: 'point', cx: x.toFixed(1), cy: y.toFixed(1), r: hit ? 6 : 3.2, fill: colour(p.group), 'fill-opacity': hits.size > 0 && !hit ? 0.2 : 0.85,
        stroke: hit ? 'var(--ink)' : 'none', 'data-word': p.word});
      dots.append(hint(dot, () => `${seen(p.word)}\nnearest in the whole space:\n` + p.near.map(([word, c]) => `${num(c, 3)}  ${seen(word)}`).join('\n')));
    });
    for (const i of order) {
      const [x, y] = places[i], text = short(seen(w.points[i].word), 16), hit = hits.has(i);
      if ((hits.size > 0 && !hit) || taken.length > 160) continue;
      if (free(x + 5, y + 4, text.length * 6.4)) texts.append(sv('text', {class: hit ? 'strong small halo' : 'small halo', x: x + 5, y: y + 4}, text));
    }
    svg.append(group, labels);
    svg.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;  // the page scrolls otherwise
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.25 : 0.8);
    }, {passive: false});
    let from = null, moved = [0, 0];
    svg.addEventListener('pointerdown', (event) => { if (state.k > 1) from = [event.clientX, event.clientY]; });
    svg.addEventListener('pointermove', (event) => {
      if (!from) return;
      moved = [event.clientX - from[0], event.clientY - from[1]];
      for (const part of [group, labels]) part.firstElementChild.setAttribute('transform', `translate(${moved[0]} ${moved[1]})`);
    });
    const drop = () => {
      if (!from) return;
      from = null;
      state.x += moved[0];
      state.y += moved[1];
      fig.redraw();
    };
    svg.addEventListener('pointerup', drop);
    svg.addEventListener('pointerleave', drop);
    svg.setAttribute('tabindex', 0);
    svg.addEventListener('keydown', (event) => {
      const move = {ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]}[event.key];
      if (move && state.k > 1) { event.preventDefault(); state.x += move[0]; state.y += move[1]; fig.redraw(); fig.stage.firstChild.focus(); }
      if (event.key === '+' || event.key === '-') { zoom(event.key === '+' ? 1.25 : 0.8); fig.stage.firstChild.focus(); }
    });
    return svg;
  }, [select('map', w.planes.map((p) => names[p.method] || p.method), state.plane, (i) => { state.plane = i; state.k = 1; state.x = state.y = 0; caption(); fig.redraw(); }),
    search, el('button', {type: 'button', 'aria-label': 'Zoom in', onclick: () => zoom(1.5)}, '+'),
    el('button', {type: 'button', 'aria-label': 'Zoom out', onclick: () => zoom(1 / 1.5)}, '−'),
    el('button', {type: 'button', 'aria-label': 'The whole map', onclick: () => { state.k = 1; state.x = state.y = 0; fig.redraw(); }}, 'whole')]);
  const told = el('figcaption', {});
  const caption = () => {
    const p = w.planes[state.plane];
    told.textContent = (p.shares.length >= 2 ? `The two axes hold ${percent(p.shares[0])} and ${percent(p.shares[1])} of the variance. ` : '') +
      `Of the ${p.neighbours} nearest of each token, ${percent(p.preserved)} stay among the nearest in the plane (trustworthiness ${num(p.trustworthiness, 3)}), so trust the numbers under the pointer, which are cosines in the whole space, more than the distances. Zoom with the buttons, + and −, or Ctrl and the wheel; drag to move.`;
  };
  caption();
  fig.node.append(found, told);
  node.append(numbersOf('Table of nearest tokens', () => table(['token', 'nearest, with cosines'],
    w.points.map((p) => [seen(p.word), p.near.map(([word, c]) => `${seen(word)} ${num(c, 3)}`).join(', ')]), 'Nearest tokens')));
}

// Classes: what is taken for what.

function classesPart() {
  const c = RUN.classes;
  if (!c && RUN.course.data === 'text' || RUN.course.data === 'pairs') return;
  const node = section('classes', 'Which classes it tells apart',
    c ? 'A row for each class that examples are of, a column for each that the model takes them for, on the validation examples. The diagonal is what is right.' : null,
    lacking('classes', 'This kind of model tells no classes.'));
  if (!node) return;
  const figures = c.figures.filter((f) => ['loss', 'accuracy'].includes(f.name));
  node.append(el('p', {}, figures.map((f) => `${f.name} ${f.name === 'accuracy' ? (f.value <= 1 ? percent(f.value, 4) : num(f.value, 4) + ' %') : num(f.value, 4)}`).join(', ') + '.'));
  if (c.confusion) {
    figure(node, 'Confusion matrix', 'Hover a field for its count and share of the row.', (width) => confusion(width, c));
    node.append(numbersOf('Table of counts', () => table(['is \\ taken for', ...c.labels], c.confusion.map((row, i) => [c.labels[i], ...row]), 'Confusion matrix')));
  }
  if (c.worst.length > 0) {
    node.append(el('h3', {}, 'Where it was surest, and wrong'));
    if (c.worst.some((w) => w.pixels)) {
      node.append(el('div', {class: 'pictures text'}, c.worst.filter((w) => w.pixels).map((w) => el('div', {},
        el('img', {width: 72, alt: `${c.labels[w.is]} taken for ${c.labels[w.found]}`, style: 'image-rendering:pixelated',
          src: pixelsUrl(w.width, w.height, (y, x) => [0, 1, 2].map((k) => w.pixels[(y * w.width + x) * w.channels + (w.channels === 3 ? k : 0)]))}),
        el('div', {}, `${c.labels[w.is]} → ${c.labels[w.found]}`), el('div', {}, percent(w.probability))))));
    } else {
      node.append(el('div', {class: 'text'}, table(['is', 'taken for', 'probability'], c.worst.map((w) => [c.labels[w.is], c.labels[w.found], percent(w.probability)]), 'Surest mistakes')));
    }
  }
}

function confusion(width, c) {
  const left = 90, top = 84, count = c.labels.length;
  const cell = Math.max(10, Math.min(46, Math.floor((Math.min(width, 760) - left) / count)));
  const svg = picture(left + count * cell + 10, top + count * cell + 6, 'Confusion matrix', c.confusion.map((row, i) => `${c.labels[i]}: ${row.join(' ')}`).slice(0, 20).join('; '));
  c.labels.forEach((label, i) => svg.append(
    sv('text', {class: 'small', x: left - 6, y: top + (i + 0.5) * cell + 4, 'text-anchor': 'end'}, short(label, 12)),
    sv('text', {class: 'small', transform: `translate(${left + (i + 0.5) * cell + 4} ${top - 6}) rotate(-60)`}, short(label, 12))));
  c.confusion.forEach((row, i) => {
    const all = row.reduce((a, b) => a + b, 0);
    row.forEach((n, j) => {
      const share = all > 0 ? n / all : 0;
      svg.append(sv('rect', {x: left + j * cell, y: top + i * cell, width: cell - 1, height: cell - 1, fill: i === j ? 'var(--c2)' : 'var(--minus)', 'fill-opacity': Math.sqrt(share)}));
      if (cell > 24 && n > 0) svg.append(sv('text', {class: 'small', x: left + (j + 0.5) * cell, y: top + (i + 0.5) * cell + 4, 'text-anchor': 'middle'}, n));
      svg.append(hint(sv('rect', {class: 'field', x: left + j * cell, y: top + i * cell, width: cell, height: cell, fill: 'transparent'}),
        () => `${c.labels[i]} taken for ${c.labels[j]}\n${num(n)} of ${num(all)}, ${percent(share)}`));
    });
  });
  return el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Confusion matrix'}, svg);
}

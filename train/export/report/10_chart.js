// Line charts and their parts.

// Round places on an axis from `low` to `high`.
function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const raw = (high - low) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power) {
    for (const m of [1, 2, 5]) {
      const at = m * 10 ** power;
      if (at >= low * 0.999 && at <= high * 1.001) found.push(at);
    }
  }
  return found.length > 8 ? found.filter((at) => Math.abs(Math.log10(at) - Math.round(Math.log10(at))) < 1e-9) : found;
}

// Labels at the end of lines, moved apart where they would lie on each other.
function apart(labels, gap, low, high) {
  labels.sort((a, b) => a.y - b.y);
  for (let i = 1; i < labels.length; ++i) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + gap);
  for (let i = labels.length - 1, limit = high; i >= 0; --i) {
    labels[i].y = Math.max(low, Math.min(labels[i].y, limit));
    limit = labels[i].y - gap;
  }
  return labels;
}

// spec: title, x (numbers), xname, series [{name, y, colour, dash, thin, labelled}], levels [{name, value}] as lines
// across, log (y), logx, height, zero (y begins at 0), dots. What lies at the nearest x is told under the pointer, and
// by the arrow keys.
function chart(width, spec) {
  const height = spec.height || 320, narrow = width < 560;
  const levels = spec.levels || [];
  const shown = spec.series.map((s) => s.y.filter((v) => finite(v) && (!spec.log || v > 0))).flat();
  const values = shown.concat(levels.map((l) => l.value).filter((v) => finite(v) && (!spec.log || v > 0)));
  let low = Math.min(...values), high = Math.max(...values);
  if (values.length === 0) [low, high] = [spec.log ? 0.1 : 0, 1];
  if (spec.zero) low = Math.min(0, low);
  if (low === high) [low, high] = spec.log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  if (spec.log) [low, high] = [low / 1.05, high * 1.05];
  else if (!spec.zero) { const pad = (high - low) * 0.05; low -= pad; high += pad; }
  else high += (high - low) * 0.05;
  const named = spec.series.filter((s) => s.labelled !== false);
  const right = narrow || named.length + levels.length === 0 ? 12
    : 16 + 6.6 * Math.max(...named.concat(levels).map((s) => short(s.name, 24).length));
  const left = 52, top = 12, bottom = 40, legendRows = narrow ? Math.ceil(named.length / 2) : 0;
  const all = height + legendRows * 18;
  const svg = picture(width, all, spec.title, spec.description || spec.title + '. The table below has the numbers.');
  const x = spec.x, xLow = Math.min(...x), xHigh = Math.max(...x);
  const fx = (v) => (spec.logx ? Math.log(v) : v);
  const px = (v) => left + (xHigh > xLow ? (fx(v) - fx(xLow)) / (fx(xHigh) - fx(xLow)) : 0.5) * (width - left - right);
  const fy = (v) => (spec.log ? Math.log(v) : v);
  const py = (v) => top + (fy(high) - fy(v)) / (fy(high) - fy(low)) * (height - top - bottom);
  for (const at of spec.log ? logTicks(low, high) : ticks(low, high, 5)) {
    svg.append(sv('line', {class: 'axis', x1: left, x2: width - right, y1: py(at), y2: py(at)}),
      sv('text', {class: 'soft small', x: left - 6, y: py(at) + 4, 'text-anchor': 'end'}, num(at, 3)));
  }
  for (const at of spec.logx ? logTicks(xLow, xHigh) : ticks(xLow, xHigh, Math.max(2, Math.floor((width - left - right) / 90)))) {
    if (spec.whole && !Number.isInteger(at)) continue;
    svg.append(sv('text', {class: 'soft small', x: px(at), y: height - bottom + 18, 'text-anchor': 'middle'}, num(at, 3)));
  }
  svg.append(sv('text', {class: 'soft small', x: (left + width - right) / 2, y: height - 4, 'text-anchor': 'middle'}, spec.xname || 'step'));
  const labels = [];
  for (const level of levels) {
    if (!finite(level.value) || (spec.log && level.value <= 0)) continue;
    const y = py(level.value);
    svg.append(sv('line', {class: 'mark', x1: left, x2: width - right, y1: y, y2: y, 'stroke-dasharray': '2 4'}));
    if (!narrow) labels.push({y, name: level.name, fill: 'var(--soft)'});
    else svg.append(sv('text', {class: 'small soft halo', x: width - right, y: y - 3, 'text-anchor': 'end'}, level.name));
  }
  spec.series.forEach((s, i) => {
    const stroke = s.colour || colour(i);
    const at = x.map((v, j) => [px(v), s.y[j], j]).filter(([, v]) => finite(v) && (!spec.log || v > 0));
    if (at.length === 0) return;
    const points = at.map(([a, v]) => `${a.toFixed(1)},${py(v).toFixed(1)}`);
    svg.append(sv('polyline', {points: points.join(' '), fill: 'none', stroke, 'stroke-width': s.thin ? 1 : 2,
      'stroke-opacity': s.thin ? 0.75 : 1, 'stroke-dasharray': s.dash, 'stroke-linejoin': 'round', 'data-series': s.name}));
    if (at.length <= 12 && !s.thin) {
      for (const [a, v] of at) svg.append(sv('circle', {cx: a, cy: py(v), r: 3, fill: stroke}));
    }
    if (s.labelled !== false) labels.push({y: py(at[at.length - 1][1]), name: s.name, fill: stroke});
  });
  if (narrow) {
    labels.forEach((label, i) => svg.append(
      sv('rect', {x: left + (i % 2) * (width - left) / 2, y: height + 6 + Math.floor(i / 2) * 18, width: 12, height: 3, fill: label.fill}),
      sv('text', {class: 'small', x: left + 17 + (i % 2) * (width - left) / 2, y: height + 12 + Math.floor(i / 2) * 18}, short(label.name, 22))));
  } else {
    for (const label of apart(labels, 14, top + 4, height - bottom)) {
      const text = sv('text', {class: 'small', x: width - right + 6, y: label.y + 4}, short(label.name, 24));
      text.style.fill = label.fill;
      svg.append(text);
    }
  }
  cursor(svg, spec, {x, px, py, top, bottom: height - bottom, left, right: width - right});
  return svg;
}

// The line at the step that is looked at, and what is told of it.
function cursor(svg, spec, place) {
  const line = sv('line', {class: 'mark', y1: place.top, y2: place.bottom, visibility: 'hidden'});
  svg.append(line);
  let at = -1;
  const told = () => `${spec.xname || 'step'} ${num(place.x[at], 6)}\n` + spec.series.map((s) => ({name: s.name, value: s.y[at]}))
    .filter((s) => finite(s.value)).sort((a, b) => (spec.series.length > 12 ? b.value - a.value : 0)).slice(0, 12)
    .map((s) => `${s.name}: ${num(s.value, 5)}`).join('\n');
  const go = (index) => {
    at = Math.max(0, Math.min(place.x.length - 1, index));
    line.setAttribute('x1', place.px(place.x[at]));
    line.setAttribute('x2', place.px(place.x[at]));
    line.setAttribute('visibility', 'visible');
  };
  hint(svg, (event) => {
    if (event.type === 'focus') {
      go(at < 0 ? place.x.length - 1 : at);
    } else {
      const x = pointerX(svg, event);
      let best = 0;
      place.x.forEach((v, i) => { if (Math.abs(place.px(v) - x) < Math.abs(place.px(place.x[best]) - x)) best = i; });
      go(best);
    }
    return told();
  });
  svg.addEventListener('pointerleave', () => line.setAttribute('visibility', 'hidden'));
  svg.setAttribute('tabindex', 0);
  svg.addEventListener('keydown', (event) => {
    const moves = {ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9};
    if (!(event.key in moves)) return;
    event.preventDefault();
    go((at < 0 ? 0 : at) + moves[event.key]);
    const box = svg.getBoundingClientRect();
    showTip(told(), box.left + place.px(place.x[at]) * box.width / svg.viewBox.baseVal.width, box.top + 40);
    say(told());
    if (spec.chosen) spec.chosen(at);
  });
  if (spec.chosen) svg.addEventListener('click', () => { if (at >= 0) spec.chosen(at); });
}

// The table of a chart's numbers.
const chartTable = (spec) => table([spec.xname || 'step', ...spec.series.map((s) => s.name)],
  spec.x.map((v, i) => [num(v, 8), ...spec.series.map((s) => (finite(s.y[i]) ? num(s.y[i], 6) : ''))]), spec.title);

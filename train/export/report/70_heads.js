// Heads and what they are good for: as they came about, and as they are.

function headsPart() {
  const course = RUN.heads_course, found = RUN.heads;
  const node = section('heads', 'What its heads became',
    course || found ? 'Nobody tells a head what to do. Some come to look at the token before, some at the same token earlier, some at where a text began: roles that were found in many models, each with a score here.' : null,
    course || found ? '' : (RUN.left_out || {}).heads ? 'Not on this page: ' + RUN.left_out.heads
      : 'How heads came about is kept while training where train.inspect_interval is set (as train.inspect_interval = 50); it wants a model with attention.');
  if (!node) return;
  if (course) headsCourse(node, course);
  else node.append(el('p', {class: 'missing'}, 'How they came about is kept while training where train.inspect_interval is set.'));
  if (found) headsTable(node, found);
}

function headsCourse(node, course) {
  const roles = course.names.slice(3).filter((_, i) => course.rows.some((row) => finite(row[i + 3])));
  const steps = [...new Set(course.rows.map((row) => row[0]))].sort((a, b) => a - b);
  const heads = [...new Set(course.rows.map((row) => `${row[1]} head ${row[2]}`))];
  const values = new Map(course.rows.map((row) => [`${row[0]} ${row[1]} head ${row[2]}`, row]));
  let role = tellingRole(roles, (name) => course.rows.map((row) => row[course.names.indexOf(name)]));
  const spec = () => {
    const at = course.names.indexOf(roles[role]);
    const series = heads.map((head) => ({name: headName(...head.split(' head ')), thin: heads.length > 8,
      colour: colour(layerOf(head)), y: steps.map((s) => { const row = values.get(`${s} ${head}`); return row ? row[at] : null; })}));
    const order = [...series].sort((a, b) => (b.y.filter(finite).at(-1) || 0) - (a.y.filter(finite).at(-1) || 0));
    series.forEach((s) => { s.labelled = order.indexOf(s) < 4; });
    return {title: `${roles[role]} of each head by step`, x: steps, series, height: 320, zero: true};
  };
  const fig = figure(node, 'How a role came about', 'A line for each head, a colour for each layer; the four that end highest are named. A sudden rise is a head that found its role.',
    (width) => chart(width, spec()), [select('role', roles, role, (i) => { role = i; fig.redraw(); })]);
  node.append(numbersOf('Table of the time line', () => chartTable(spec())));
}

// The role by which heads differ most, of those that are shares of weight.
function tellingRole(names, valuesOf) {
  const spread = (name) => {
    const values = ['entropy', 'distance'].includes(name) || /^loss/.test(name) ? [] : valuesOf(name).filter(finite);
    return values.length > 0 ? Math.max(...values) - Math.min(...values) : -1;
  };
  return names.reduce((best, name, i) => (spread(name) > spread(names[best]) ? i : best), 0);
}

// {"heads": [{attention, head, scores: {...}, ablated: {...}}], "controls": {...}}: whatever figures there are.
function headsTable(node, found) {
  const list = found.heads || [];
  if (list.length === 0) return;
  const flat = (head) => ({...(head.scores || {}), ...Object.fromEntries(Object.entries(head.ablated || {}).map(([k, v]) => [`loss added, ${k === 'zero' ? 'zeros' : 'its mean'} instead`, v]))});
  const known = ['entropy', 'distance', 'previous', 'next', 'same', 'duplicate', 'first', 'local', 'delimiter', 'induction'];
  const order = (name) => (known.includes(name) ? known.indexOf(name) : known.length);
  const names = [...new Set(list.flatMap((head) => Object.keys(flat(head))))].sort((a, b) => order(a) - order(b));
  const most = Object.fromEntries(names.map((name) => [name, Math.max(...list.map((head) => Math.abs(flat(head)[name]) || 0)) || 1]));
  let sorted = null;
  const holder = el('div', {});
  const draw = () => {
    const rows = [...list];
    if (sorted) rows.sort((a, b) => (flat(b)[sorted] ?? -Infinity) - (flat(a)[sorted] ?? -Infinity));
    const cellOf = (value, name) => {
      const cell = el('td', {}, finite(value) ? num(value, 3) : '');
      if (finite(value) && !['entropy', 'distance'].includes(name)) cell.style.background = `color-mix(in srgb, var(--accent) ${Math.round(40 * Math.abs(value) / most[name])}%, transparent)`;
      return cell;
    };
    const controls = found.controls && !Array.isArray(found.controls) ? Object.entries(found.controls).filter(([, v]) => v && typeof v === 'object') : [];
    holder.replaceChildren(el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Roles of heads'}, el('table', {id: 'heads-table'},
      el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'head'), names.map((name) => el('th', {scope: 'col', 'aria-sort': sorted === name ? 'descending' : 'none'},
        el('button', {type: 'button', onclick: () => { sorted = name; draw(); }}, name))))),
      el('tbody', {}, rows.map((head) => el('tr', {}, el('th', {scope: 'row'}, headName(head.attention, head.head)),
        names.map((name) => cellOf(flat(head)[name], name))))),
      el('tbody', {}, controls.map(([name, values]) => el('tr', {}, el('th', {scope: 'row'}, name.replace(/_/g, ' ')),
        names.map((key) => el('td', {}, finite(values[key]) ? num(values[key], 3) : ''))))))));
  };
  draw();
  node.append(el('h3', {}, 'Roles of the trained heads'), el('p', {},
    'The stronger the colour the more. Click a column to sort by it. Beneath stands what heads get that weigh all alike, and those of the model before it was trained: only what lies well above these says something. The last columns are by how much the loss rises without the head, in nats.'), holder);
  if (list.length <= 400 && names.length > 0) {
    let role = tellingRole(names, (name) => list.map((head) => flat(head)[name]));
    const fig = figure(node, 'A role, layer by layer and head by head', '', (width) => headGrid(width, list, names[role], (head) => flat(head)[names[role]]),
      [select('figure', names, role, (i) => { role = i; fig.redraw(); })]);
  }
}

function headGrid(width, list, name, value) {
  const layers = [...new Set(list.map((h) => h.attention))], columns = Math.max(...list.map((h) => h.head)) + 1;
  const left = Math.min(190, width * 0.35), cell = Math.min(56, (width - left) / columns), high = 26;
  const most = Math.max(...list.map((h) => Math.abs(value(h)) || 0)) || 1;
  const svg = picture(width, layers.length * high + 20, `${name} of each head`);
  for (let i = 0; i < columns; ++i) svg.append(sv('text', {class: 'small soft', x: left + (i + 0.5) * cell, y: 12, 'text-anchor': 'middle'}, i));
  layers.forEach((layer, i) => svg.append(sv('text', {class: 'small', x: left - 8, y: 20 + i * high + 17, 'text-anchor': 'end'},
    short(layer.replace(/blocks\/(\d+)\//, '$1 ').replace('_', '-'), Math.floor(left / 6.6)))));
  list.forEach((h) => {
    const v = value(h), i = layers.indexOf(h.attention);
    svg.append(hint(sv('rect', {x: left + h.head * cell, y: 20 + i * high, width: cell - 2, height: high - 2, rx: 3, stroke: 'var(--line)',
      fill: v < 0 ? 'var(--minus)' : 'var(--plus)', 'fill-opacity': finite(v) ? Math.abs(v) / most : 0}), () => `${h.attention}, head ${h.head}\n${name} ${num(v, 5)}`));
  });
  return svg;
}

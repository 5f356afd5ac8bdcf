// What every figure is made of: elements, numbers as text, hints under the pointer, and saving a picture.

const DATA = JSON.parse(document.getElementById('data').textContent);
const RUN = DATA.runs[0];

// An element: attributes, listeners ('on...' with a function), and children, of which strings are text and never HTML.
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on') && typeof value === 'function') node.addEventListener(name.slice(2), value);
    else if (name === 'class') node.setAttribute('class', value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined) node.append(child.nodeType ? child : String(child));
  }
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const sv = (tag, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

// A picture with a name and a description for those who do not see it.
function picture(width, height, title, description) {
  return sv('svg', {viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title},
    sv('title', {}, title), sv('desc', {}, description || title));
}

const finite = (x) => typeof x === 'number' && Number.isFinite(x);
// A number as a person reads it, of so many digits.
function num(x, digits = 4) {
  if (!finite(x)) return '–';
  const size = Math.abs(x);
  if (x === 0) return '0';
  if (Number.isInteger(x) && size < 1e15) return x.toLocaleString('en-US');
  if (size >= 1e6 || size < 1e-4) return x.toExponential(Math.max(0, digits - 1)).replace('e+', 'e');
  return size >= 1000 ? x.toLocaleString('en-US', {maximumFractionDigits: 1}) : String(Number(x.toPrecision(digits)));
}
const percent = (x, digits = 3) => (finite(x) ? num(100 * x, digits) + ' %' : '–');
function time(seconds) {
  if (!finite(seconds)) return '–';
  if (seconds < 100) return num(seconds, 3) + ' s';
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? minutes + ' min' : Math.floor(minutes / 60) + ' h ' + (minutes % 60) + ' min';
}
// A token as it can be seen: a blank is a middle dot, a line's end an arrow.
const seen = (token) => (token === '' ? '∅' : token.replace(/ /g, '·').replace(/\n/g, '↵').replace(/\t/g, '→'));
const short = (text, most = 14) => ([...text].length > most ? [...text].slice(0, most - 1).join('') + '…' : text);

const length = (v) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
const largest = (v) => v.reduce((most, x) => (finite(x) && Math.abs(x) > most ? Math.abs(x) : most), 0);
const colour = (i) => `var(--c${i % 8})`;

// Says something to those who listen.
let saying = 0;
function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => { document.getElementById('said').textContent = text; }, 150);
}

const tipBox = document.getElementById('tip');
function showTip(text, x, y) {
  if (!text) return hideTip();
  tipBox.textContent = text;
  tipBox.hidden = false;
  const box = tipBox.getBoundingClientRect();
  tipBox.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 4)) + 'px';
  tipBox.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 18) + 'px';
}
function hideTip() { tipBox.hidden = true; }
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hideTip(); });
document.addEventListener('scroll', hideTip, {passive: true, capture: true});

// Shows `text(event)` under the pointer, and beside what has the focus.
function hint(node, text) {
  const here = (event) => showTip(text(event), event.clientX, event.clientY);
  node.addEventListener('pointermove', here);
  node.addEventListener('pointerdown', here);
  node.addEventListener('pointerleave', hideTip);
  node.addEventListener('focus', (event) => {
    const box = node.getBoundingClientRect();
    if (node.matches(':focus-visible')) showTip(text(event), box.left + box.width / 2, box.bottom - 14);
  });
  node.addEventListener('blur', hideTip);
  return node;
}
// The x of the pointer in a picture's own units.
const pointerX = (svg, event) =>
  (event.clientX - svg.getBoundingClientRect().left) * svg.viewBox.baseVal.width / svg.getBoundingClientRect().width;

// A picture as a file of its own: the styles that the page gives it are written into it.
function svgText(svg) {
  const copy = svg.cloneNode(true);
  const kept = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'opacity', 'font-family',
    'font-size', 'font-weight', 'text-anchor', 'paint-order', 'stroke-linejoin', 'visibility'];
  const from = [svg, ...svg.querySelectorAll('*')], to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((node, i) => {
    if (['title', 'desc'].includes(node.tagName)) return;
    const style = getComputedStyle(node), above = node === svg ? null : getComputedStyle(node.parentNode);
    for (const name of kept) {  // what the node above it has, it inherits
      const value = style.getPropertyValue(name);
      if (above && name !== 'opacity' && above.getPropertyValue(name) === value) to[i].removeAttribute(name);
      else if (name !== 'opacity' || value !== '1') to[i].setAttribute(name, value);
    }
    ['class', 'tabindex', 'style'].forEach((name) => to[i].removeAttribute(name));
  });
  const {width, height, x, y} = svg.viewBox.baseVal;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.insertBefore(sv('rect', {x, y, width, height, fill: getComputedStyle(document.body).backgroundColor}),
    copy.firstChild);
  return new XMLSerializer().serializeToString(copy);
}
function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], {type}));
  const link = el('a', {href: url, download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// A choice from a list; `changed(index)` is told.
function select(name, options, chosen, changed) {
  const box = el('select', {'aria-label': name, onchange: (event) => changed(Number(event.target.value))},
    options.map((text, i) => el('option', {value: i, selected: i === chosen}, text)));
  return el('label', {class: 'control'}, name, box);
}
function slider(name, from, to, step, value, text, changed) {
  const shown = el('output', {}, text(value));
  const input = el('input', {type: 'range', min: from, max: to, step, value, 'aria-label': name, 'aria-valuetext': text(value)});
  input.addEventListener('input', () => {
    const now = Number(input.value);
    shown.textContent = text(now);
    input.setAttribute('aria-valuetext', text(now));
    changed(now);
  });
  return el('label', {class: 'control'}, name, input, shown);
}
function toggle(name, on, changed) {
  const input = el('input', {type: 'checkbox', checked: on, onchange: (event) => changed(event.target.checked)});
  return el('label', {class: 'control'}, input, name);
}

// A table; cells are text or numbers, of which the first column names the row.
function table(heads, rows, caption) {
  return el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption || 'table'}, el('table', {},
    caption ? el('caption', {class: 'unseen'}, caption) : null,
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', {scope: 'col'}, head)))),
    el('tbody', {}, rows.map((row) => el('tr', {}, row.map((cell, i) =>
      el(i === 0 ? 'th' : 'td', i === 0 ? {scope: 'row'} : {}, cell && cell.nodeType ? cell : typeof cell === 'number' ? num(cell) : cell)))))));
}
// The numbers behind a picture, made when they are asked for.
function numbersOf(name, make) {
  const box = el('details', {}, el('summary', {}, name));
  box.addEventListener('toggle', () => { if (box.open && box.children.length === 1) box.append(make()); });
  return box;
}

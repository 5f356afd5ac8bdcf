// Sections, the figures in them, and the list of contents.

const main = document.getElementById('main');
const contents = el('ol', {});

// A section with a heading and a first sentence or two; `key` tells how what it lacks is made, and then nothing else is
// drawn. Returns null then.
function section(id, title, intro, missing) {
  const number = contents.children.length + 1;
  const node = el('section', {id, 'aria-labelledby': id + '-title'},
    el('h2', {id: id + '-title'}, el('span', {class: 'number', 'aria-hidden': 'true'}, number), title),
    intro ? el('p', {}, intro) : null);
  contents.append(el('li', {class: missing ? 'none' : ''}, el('a', {href: '#' + id}, title)));
  main.append(node);
  if (!missing) return node;
  node.append(el('p', {class: 'missing'}, missing));
  return null;
}
// Why a part is not there: what went wrong, or what would make it.
// "encoder.L2H0": a head as heddle inspect heads names it.
function headName(attention, head) {
  const m = attention.match(/^(.*?)blocks\/(\d+)\/(cross_)?attention$/);
  return m ? `${m[1].replace(/\//g, '.')}${m[3] ? 'cross.' : ''}L${m[2]}H${head}` : `${attention} head ${head}`;
}

function lacking(name, otherwise) {
  if (RUN[name]) return null;
  const left = RUN.left_out || {};
  if (left[name]) return 'Not on this page: ' + left[name];
  return left.data ? 'Not on this page, as the run’s data could not be read: ' + left.data : otherwise;
}

// A figure of a section: controls, a picture that is drawn anew for the width that there is, what it shows, and a button
// that saves it. `draw(width)` returns the picture, or a node that holds it.
function figure(parent, name, caption, draw, controls = []) {
  const stage = el('div', {class: 'stage'});
  const id = parent.id + '-' + (parent.querySelectorAll('figure').length + 1);
  const save = el('button', {type: 'button', class: 'save', 'aria-label': 'Save as SVG: ' + name, onclick: () => {
    const svg = stage.querySelector('svg');
    if (svg) download(`${RUN.course.name}-${id}.svg`, svgText(svg), 'image/svg+xml');
  }}, 'Save as SVG');
  const node = el('figure', {id, 'aria-label': name},
    el('div', {class: 'tools'}, el('span', {class: 'name'}, name), controls, save), stage,
    caption ? el('figcaption', {}, caption) : null);
  parent.append(node);
  let width = 0;
  const redraw = () => {
    if (width > 0) stage.replaceChildren(draw(width));
  };
  const fit = () => {
    const now = Math.floor(stage.clientWidth);
    if (now === width || now === 0) return;
    width = now;
    redraw();
  };
  fit();
  new ResizeObserver(fit).observe(stage);
  return {node, stage, redraw};
}

// Light or dark: as the system has it, until the button is used. Who draws on a canvas listens.
const themeButton = document.getElementById('theme');
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const repaint = [];
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = theme === 'dark' ? 'Light' : 'Dark';
  themeButton.setAttribute('aria-label', theme === 'dark' ? 'Switch to light colours' : 'Switch to dark colours');
  for (const paint of repaint) paint();
}
themeButton.addEventListener('click', () =>
  setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
systemDark.addEventListener('change', () => setTheme(systemDark.matches ? 'dark' : 'light'));
setTheme(systemDark.matches ? 'dark' : 'light');

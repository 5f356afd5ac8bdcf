// Who the run is, how far it came, and how good its loss is beside what needs no training.

function column(run, name) {
  const found = run.course.history.columns.find((c) => c.name === name);
  return found ? found.values : null;
}
const lastOf = (values) => (values || []).filter(finite).at(-1);
const lossUnit = (run) => (run.course.target === 'target' ? 'nats' : `nats ${/^[aeiou]/.test(run.course.target) ? 'an' : 'a'} ${run.course.target}`);

function facts(run) {
  const c = run.course, seconds = lastOf(column(run, 'seconds'));
  const rows = [
    ['Model', `${c.model}, ${num(c.parameters)} parameters`],
    ['Data', c.data + (run.tokens ? `, ${num(run.tokens.vocabulary)} tokens in the vocabulary` : '')],
    ['Steps', num(c.step)],
    ['Training time', time(seconds)],
    ['Best validation loss', finite(c.best_val_loss) ? `${num(c.best_val_loss, 5)} ${lossUnit(run)}` : '–'],
    ['Shown here', `${c.checkpoint}, after step ${num(c.checkpoint_step)}`],
    ['Computed on', `${c.processor}, ${c.precision}`],
    ['By', `heddle ${c.program}`],
  ];
  return el('dl', {class: 'facts'}, rows.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
}

// What is compared: the model's own figure and the baselines', in one unit.
function compared(run) {
  const c = run.course;
  const values = column(run, 'val_' + c.baselines_of);
  // of the whole validation split, as the baselines are, where it could be read
  const own = c.whole && finite(c.whole[c.baselines_of]) ? c.whole[c.baselines_of]
    : c.baselines_of === 'loss' && finite(c.best_val_loss) ? c.best_val_loss : (values || []).filter(finite).reduce((best, v) => (c.lower_is_better ? Math.min(best, v) : Math.max(best, v)), c.lower_is_better ? Infinity : -Infinity);
  const all = c.baselines.map((b) => ({name: b.name, value: b.value, own: false}));
  if (finite(own)) all.push({name: 'this model', value: own, own: true});
  return all.sort((a, b) => (c.lower_is_better ? b.value - a.value : a.value - b.value));
}
function baselineBars(run, width) {
  const all = compared(run), row = 30, left = Math.min(180, width * 0.32);
  const most = Math.max(...all.map((a) => a.value), 0) || 1;
  const svg = picture(width, all.length * row + 8, 'The model beside its baselines',
    all.map((a) => `${a.name}: ${num(a.value, 5)}`).join('; '));
  all.forEach((a, i) => {
    const y = i * row + 6, length = (width - left - 70) * Math.max(0, a.value) / most;
    const bar = sv('rect', {x: left, y, width: Math.max(1, length), height: row - 12, rx: 2, fill: a.own ? 'var(--accent)' : 'var(--soft)', 'fill-opacity': a.own ? 1 : 0.45});
    hint(bar, () => `${a.name}: ${a.value}`);
    svg.append(sv('text', {x: left - 8, y: y + 14, 'text-anchor': 'end', class: a.own ? 'strong' : ''}, short(a.name, Math.floor(left / 7))), bar,
      sv('text', {x: left + length + 6, y: y + 14, class: a.own ? 'strong' : 'soft'}, num(a.value, 4)));
  });
  return svg;
}

function titlePart() {
  const c = RUN.course;
  document.title = c.name + ' – Heddle report';
  document.getElementById('title').append(
    el('h1', {}, c.name),
    el('p', {class: 'lead'}, DATA.runs.length > 1 ? `A run, looked into, and side by side with ${DATA.runs[1].course.name} at the end.`
      : 'What this model learned, from the first loss to the last probability.'),
    c.described ? el('p', {}, c.described) : null,
    facts(RUN));
  document.getElementById('contents').append(contents);
}

function summaryPart() {
  const c = RUN.course, all = compared(RUN);
  const own = (all.find((a) => a.own) || {}).value;
  const better = c.baselines.filter((b) => (c.lower_is_better ? own < b.value : own > b.value)), ties = c.baselines.filter((b) => own === b.value);
  const node = section('summary', 'Is it any good?',
    'A loss alone says little. These baselines were reached on the same data without training a network, by counting; ' +
    'a model has learned something where it beats them.',
    c.baselines.length === 0 ? 'This run counted no baselines; they are counted as a run of heddle train begins.' : '');
  if (!node) return;
  const what = c.baselines_of === 'loss' ? lossUnit(RUN) : c.baselines_of;
  figure(node, `Validation, in ${what}`,
    `${c.lower_is_better ? 'Lower' : 'Higher'} is better. The model beats ${better.length} of its ${c.baselines.length} baselines` +
    (ties.length > 0 ? ` and is equal to ${ties.length}` : '') + (c.whole ? ', on the whole validation split' : '') +
    (c.baselines_of === 'loss' && finite(own) && c.target === 'token'
      ? `; a loss of ${num(own, 4)} nats means it is as unsure as if it chose among ${num(Math.exp(own), 3)} equally likely tokens.` : '.'),
    (width) => baselineBars(RUN, width));
  node.append(el('details', {class: 'text'}, el('summary', {}, 'The config, every key'),
    table(['key', 'value', 'meaning'], c.config.map((row) => [row.key, el('code', {}, row.value), row.meaning]), 'Config')));
  if (c.log) node.append(el('details', {class: 'text'}, el('summary', {}, 'The log'), el('pre', {tabindex: 0}, c.log)));
}

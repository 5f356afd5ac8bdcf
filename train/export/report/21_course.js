// Loss curves, what the optimizer did, and the samples written on the way.

// The series of a run's losses.
function lossSeries(run, prefix = '', dash = '') {
  return [['train_loss', 'training'], ['val_loss', 'validation']].map(([name, shown], i) =>
    ({name: prefix + shown, y: column(run, name), colour: colour(i === 0 ? 1 : 0), dash})).filter((s) => s.y && s.y.some(finite));
}

function coursePart() {
  const run = RUN, x = run.course.history.step;
  const node = section('course', 'How the loss fell',
    'Each point is a mean of the steps since the one before it (training), or over the validation examples, which the model never trains on. ' +
    'Where the two part and validation rises, the model learns its examples by heart.');
  let log = false, only = null;
  const levels = run.course.baselines_of === 'loss' ? run.course.baselines.map((b) => ({name: b.name, value: b.value})) : [];
  const spec = () => ({title: 'Loss by step', x, xname: 'step', series: lossSeries(run), levels: only ? [] : levels, log, height: 360,
    description: 'Training and validation loss by step, with the baselines as lines across.'});
  const loss = figure(node, `Loss, in ${lossUnit(run)}`, 'Move over the picture, or use the arrow keys, for the numbers. Lines across are the baselines.',
    (width) => chart(width, spec()),
    [toggle('logarithmic', false, (on) => { log = on; loss.redraw(); }),
      levels.length > 0 ? toggle('baselines', true, (on) => { only = on ? null : true; loss.redraw(); }) : null]);
  node.append(numbersOf('Table of losses', () => chartTable(spec())));

  const small = run.course.history.columns.filter((c) => !['train_loss', 'val_loss', 'seconds'].includes(c.name) && c.values.some(finite));
  const names = {lr: 'Learning rate', grad_norm: 'Length of the gradient', gflops: 'GFLOP/s'};
  const shown = small.filter((c) => ['lr', 'grad_norm'].includes(c.name));
  const pair = el('div', {class: 'side', id: 'course-small'});
  node.append(el('h3', {}, 'What the optimizer did'),
    el('p', {}, 'The learning rate says how far a step goes. The gradient’s length says how steep the loss is there: a leap in it often comes before trouble.'), pair);
  for (const c of shown) {
    figure(pair, names[c.name] || c.name, '', (width) => chart(width,
      {title: (names[c.name] || c.name) + ' by step', x, series: [{name: names[c.name] || c.name, y: c.values, labelled: false, colour: colour(2)}], height: 190, zero: true}));
  }
  const other = small.filter((c) => !shown.includes(c));
  if (other.length > 0) {
    let which = 0;
    const more = figure(node, 'Other figures by step', '', (width) => chart(width, {title: other[which].name + ' by step', x,
      series: [{name: other[which].name, y: other[which].values, labelled: false, colour: colour(3)}], height: 190}),
    [select('figure', other.map((c) => c.name.replace(/_/g, ' ')), 0, (i) => { which = i; more.redraw(); })]);
  }
}

function samplesPart() {
  const run = RUN;
  const what = {seq2seq: 'translates', bert: 'fills in', word2vec: 'holds for neighbours'}[run.course.model] || 'writes';
  const node = section('samples', `What it ${what}, while it learns`,
    'The same model, asked again and again. Early on it knows how often tokens come, then which follow each other, then what a sentence is.',
    lacking('samples', 'Models of this kind write nothing. One that does keeps samples where train.sample_interval is set.'));
  if (!node) return;
  const all = run.samples.over_time.map((s) => ({...s}));
  if (run.samples.now && !all.some((s) => s.step === run.samples.now.step)) all.push({...run.samples.now, now: true});
  if (run.samples.over_time.length < 2)
    node.append(el('p', {class: 'missing'}, 'One sample alone, as train.sample_interval = 0: with train.sample_interval = 100 a run keeps one every 100 steps.'));
  let at = all.length - 1;
  const name = (s) => (s.now ? `now (${run.course.checkpoint}, after step ${num(s.step)})` : `after step ${num(s.step)}`);
  const text = el('div', {class: 'sample', id: 'sample', tabindex: 0, 'aria-live': 'polite'});
  const losses = column(run, 'val_loss') || column(run, 'train_loss'), steps = run.course.history.step;
  const lossAt = (step) => {
    let value = NaN;
    steps.forEach((s, i) => { if (s <= step && finite(losses[i])) value = losses[i]; });
    return value;
  };
  const show = (i) => {
    at = i;
    text.textContent = all[at].text;
    said.textContent = name(all[at]) + (finite(lossAt(all[at].step)) ? `, validation loss ${num(lossAt(all[at].step))}` : '');
    if (fig) fig.redraw();
  };
  const said = el('strong', {id: 'sample-step'});
  let fig = null;
  if (all.length > 1) {
    fig = figure(node, 'Samples along the loss', '', (width) => {
      const height = 70, svg = picture(width, height, 'Where the samples stand on the validation loss', 'A dot for each sample, by step.');
      const most = Math.max(...steps, ...all.map((s) => s.step)), seenLosses = steps.map((s, i) => [s, losses[i]]).filter(([, v]) => finite(v));
      const low = Math.min(...seenLosses.map(([, v]) => v)), high = Math.max(...seenLosses.map(([, v]) => v));
      const px = (s) => 10 + (width - 20) * s / most, py = (v) => (high > low ? 8 + (height - 22) * (high - v) / (high - low) : height / 2);
      svg.append(sv('line', {class: 'axis', x1: 10, x2: width - 10, y1: height - 6, y2: height - 6}),
        sv('polyline', {points: seenLosses.map(([s, v]) => `${px(s)},${py(v)}`).join(' '), fill: 'none', stroke: 'var(--c0)', 'stroke-opacity': 0.5, 'stroke-width': 1.5}));
      all.forEach((s, i) => {
        const dot = sv('circle', {cx: px(s.step), cy: height - 6, r: i === at ? 6 : 4, fill: i === at ? 'var(--accent)' : 'var(--soft)', onclick: () => { show(i); slide.value = i; }});
        svg.append(hint(dot, () => name(s) + '\n' + short(s.text, 120)));
      });
      return svg;
    });
  }
  const slide = el('input', {type: 'range', min: 0, max: all.length - 1, value: at, step: 1, 'aria-label': 'Sample', id: 'sample-slider',
    oninput: (event) => { show(Number(event.target.value)); event.target.setAttribute('aria-valuetext', name(all[at])); }});
  node.append(el('div', {class: 'tools text'}, all.length > 1 ? el('label', {class: 'control'}, 'sample', slide) : null, said), text);
  show(at);
}

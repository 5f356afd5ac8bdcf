// Two runs side by side.

function comparePart() {
  if (DATA.runs.length < 2) return;
  const [one, other] = DATA.runs;
  const same = one.course.name === other.course.name;
  const folders = [one, other].map((run) => run.course.folder.replace(/\/+$/, '').split('/').at(-1) || run.course.name);
  const names = [one, other].map((run, i) => (!same ? run.course.name : folders[0] !== folders[1] ? folders[i] : `${folders[i]} (${i + 1})`));
  const node = section('compare', 'Two runs side by side', `${names[0]} beside ${names[1]}: what they reached, and what was set otherwise.`);
  const steps = [...new Set([...one.course.history.step, ...other.course.history.step])].sort((a, b) => a - b);
  const on = (run, values) => {
    const at = new Map(run.course.history.step.map((s, i) => [s, values[i]]));
    return steps.map((s) => (at.has(s) ? at.get(s) : null));
  };
  let log = false;
  const spec = () => ({title: 'Loss of both runs by step', x: steps, log, height: 340,
    series: [one, other].flatMap((run, i) => lossSeries(run, `${short(names[i], 12)} `, i === 0 ? '' : '5 3').map((s) => ({...s, y: on(run, s.y), colour: colour(2 * i + (s.name.endsWith('validation') ? 0 : 1))})))});
  const fig = figure(node, 'Both losses', DATA.differing.some((d) => d.key.startsWith('data.')) ? 'Their data, or how it is cut into tokens, differ: compare the losses with care.' : '',
    (width) => chart(width, spec()), [toggle('logarithmic', false, (v) => { log = v; fig.redraw(); })]);
  node.append(numbersOf('Table of both losses', () => chartTable(spec())));
  const row = (name, of) => [name, ...[one, other].map(of)];
  node.append(el('h3', {}, 'What they reached'), el('div', {class: 'text', id: 'both'}, table(['', ...names], [
    row('model', (r) => r.course.model), row('parameters', (r) => num(r.course.parameters)), row('data', (r) => r.course.data),
    row('steps', (r) => num(r.course.step)), row('training time', (r) => time(lastOf(column(r, 'seconds')))),
    row('best validation loss', (r) => `${num(r.course.best_val_loss, 5)} ${lossUnit(r)}`),
    ...one.course.baselines.map((b) => row(`baseline ${b.name}`, (r) => num((r.course.baselines.find((x) => x.name === b.name) || {}).value)))], 'Both runs')));
  node.append(el('h3', {}, 'Keys that differ'), DATA.differing.length === 0 ? el('p', {}, 'None: the configs are the same.')
    : el('div', {class: 'text wide', id: 'differing'}, table(['key', ...names], DATA.differing.map((d) => [d.key, d.values[0] || '–', d.values[1] || '–']), 'Keys that differ')));
}

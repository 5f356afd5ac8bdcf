// How often tokens come, and how long they are.

function barRows(width, title, rows, unit) {
  const row = 20, left = Math.min(150, width * 0.3), most = Math.max(...rows.map((r) => r.value));
  const svg = picture(width, rows.length * row + 6, title, rows.slice(0, 12).map((r) => `${r.name}: ${num(r.value)}`).join('; '));
  rows.forEach((r, i) => {
    const y = i * row + 3, bar = (width - left - 70) * r.value / most;
    const rect = sv('rect', {x: left, y: y + 2, width: Math.max(0.5, bar), height: row - 6, rx: 2, fill: 'var(--c0)', 'fill-opacity': 0.8});
    svg.append(sv('text', {x: left - 6, y: y + 13, 'text-anchor': 'end'}, short(r.name, Math.floor(left / 7.5))), rect,
      sv('text', {class: 'soft small', x: left + bar + 5, y: y + 13}, r.shown || num(r.value, 3)),
      hint(sv('rect', {x: 0, y, width, height: row, fill: 'transparent', class: 'hit'}), () => r.told || `${r.name}: ${num(r.value)} ${unit}`));
  });
  return svg;
}

function tokensPart() {
  const t = RUN.tokens;
  const node = section('tokens', 'What it reads: tokens',
    'A model reads no letters and no words but tokens: pieces of text from a list, each with a number. Few tokens make up most of a text, and most are rare.',
    lacking('tokens', 'This kind of data has no tokens: it is numbers. Text has them (data.kind = text, labelled_text, pairs).'));
  if (!node) return;
  node.append(el('p', {}, `The ${t.kind} tokenizer has ${num(t.vocabulary)} tokens. Of ${num(t.tokens)} tokens in the training examples ` +
    `${t.all ? '(all of them)' : '(the first of them)'}, each is ${num(t.bytes_per_token, 3)} bytes long in the mean; ` +
    `${num(t.unused)} of the vocabulary never come, ${num(t.rare)} fewer than ${t.rare_below} times.`));
  const pair = el('div', {class: 'side', id: 'tokens-pair'});
  node.append(pair);
  let all = false;
  const bars = figure(pair, 'The most frequent', 'Share of all tokens; a middle dot stands for a blank.', (width) =>
    barRows(width, 'The most frequent tokens', t.most.slice(0, all ? 40 : 16).map((m) => ({name: seen(m.token), value: m.count, shown: percent(m.count / t.tokens),
      told: `${seen(m.token)} (number ${m.id})\n${num(m.count)} times, ${percent(m.count / t.tokens, 4)}`})), 'times'),
  [toggle('40 of them', false, (on) => { all = on; bars.redraw(); })]);
  const right = el('div', {id: 'tokens-right'});
  pair.append(right);
  figure(right, 'Rank and frequency', 'On two logarithmic axes natural text comes near a straight line (Zipf, 1949): the second token half as often as the first, the tenth a tenth.',
    (width) => chart(width, {title: 'How often the token of each rank comes', x: t.ranks.map((r) => r[0]), xname: 'rank', logx: true, log: true, height: 210,
      series: [{name: 'times', y: t.ranks.map((r) => r[1]), labelled: false}]}));
  const lengths = t.lengths.map(([kinds, used], i) => ({length: i, kinds, used})).filter((l) => l.kinds > 0).slice(0, 24);
  figure(right, 'Length in characters', 'Of the tokens as they come in the text, beside those of the vocabulary.',
    (width) => chart(width, {title: 'Share of tokens of each length', x: lengths.map((l) => l.length), xname: 'characters', whole: true, height: 190, zero: true,
      series: [{name: 'in the text', y: lengths.map((l) => l.used / t.tokens)}, {name: 'vocabulary', y: lengths.map((l) => l.kinds / t.vocabulary)}]}));
  node.append(numbersOf('Table of the most frequent', () => table(['token', 'number', 'times', 'share'],
    t.most.map((m) => [seen(m.token), m.id, m.count, percent(m.count / t.tokens, 4)]), 'The most frequent tokens')));
}

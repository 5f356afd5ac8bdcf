// Pictures and sounds as the model saw them, and attention over them.

// Pixels, channel by channel from the model's input or side by side from a file, as an address that an image shows.
function pixelsUrl(width, height, at) {
  const canvas = el('canvas', {width, height}), context = canvas.getContext('2d'), image = context.createImageData(width, height);
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const [r, g, b] = at(y, x), i = 4 * (y * width + x);
      image.data.set([r, g, b, 255], i);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
function featuresUrl({shape, values}) {
  if (shape.length === 3) {
    const [channels, height, width] = shape, each = height * width;
    return {width, height, url: pixelsUrl(width, height, (y, x) => [0, 1, 2].map((c) => values[(channels === 3 ? c : 0) * each + y * width + x]))};
  }
  const [frames, bands] = shape;  // time goes to the right, high tones are above
  return {width: frames, height: bands, url: pixelsUrl(frames, bands, (y, x) => Array(3).fill(values[x * bands + bands - 1 - y]))};
}

function mapOverPicture(view) {
  const {node, passage, state} = view;
  const shown = featuresUrl(passage.features), isPicture = passage.features.shape.length === 3;
  const count = view.queries().length;
  const patches = isPicture ? count - 1 : count;
  // patches are square: as many a row as the shape of the picture says
  const size = isPicture ? Math.sqrt(shown.width * shown.height / patches) : shown.width / count;
  const columns = isPicture ? Math.round(shown.width / size) : count;
  const place = (i) => (isPicture ? i - 1 : i);
  state.place = 0;
  const fig = figure(node, isPicture ? 'What a patch of the picture looks at' : 'What a frame of the sound looks at',
    isPicture ? 'Hover a patch: the redder another, the more it is looked at. The class token, which the answer is read from, has a button.' : 'Time goes to the right. Hover a place: the redder another, the more it is looked at.', (width) => {
      const unit = Math.min(width, isPicture ? 420 : 900) / shown.width, rowHeight = isPicture ? unit : Math.max(2, 180 / shown.height);
      const wide = shown.width * unit, high = shown.height * rowHeight;
      const svg = picture(wide, high + 24, `Attention of ${view.name()} over the ${isPicture ? 'picture' : 'sound'}`);
      svg.append(sv('image', {href: shown.url, x: 0, y: 0, width: wide, height: high, preserveAspectRatio: 'none', style: 'image-rendering:pixelated'}));
      const boxOf = (i) => (isPicture ? {x: (place(i) % columns) * size * unit, y: Math.floor(place(i) / columns) * size * unit, width: size * unit, height: size * unit}
        : {x: i * size * unit, y: 0, width: size * unit, height: high});
      const covers = [], said = sv('text', {x: 0, y: high + 16, class: 'small'});
      const show = (i) => {
        state.place = i;
        const row = view.weights()[i], most = Math.max(...row);
        covers.forEach(([j, cover]) => {
          cover.setAttribute('fill-opacity', 0.7 * row[j] / most);
          cover.setAttribute('stroke', j === i ? 'var(--c0)' : 'none');
        });
        said.textContent = `${isPicture && i === 0 ? 'class token' : 'place ' + i}: ` + attendsTo(view, i, 3).replace(/\n/g, ', ');
      };
      for (let i = isPicture ? 1 : 0; i < count; ++i) {
        const cover = sv('rect', {...boxOf(i), fill: 'var(--warm)', 'fill-opacity': 0, 'stroke-width': 2, class: 'patch', 'data-place': i});
        cover.addEventListener('pointerenter', () => show(i));
        covers.push([i, hint(cover, () => `place ${i} attends to\n${attendsTo(view, i)}`)]);
        svg.append(cover);
      }
      svg.append(said);
      show(Math.min(state.place, count - 1));
      svg.setAttribute('tabindex', 0);
      svg.addEventListener('keydown', (event) => {
        const move = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: isPicture ? -columns : 0, ArrowDown: isPicture ? columns : 0}[event.key];
        if (move === undefined) return;
        event.preventDefault();
        show(Math.max(0, Math.min(count - 1, state.place + move)));
        say(said.textContent);
      });
      return svg;
    }, isPicture ? [el('button', {type: 'button', onclick: () => { state.place = 0; fig.redraw(); }}, 'class token')] : []);
  view.watchers.push(fig.redraw);
}

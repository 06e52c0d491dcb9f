// What is drawn: outputs as lines that grow, state slots as rows of colours.

const LINES = 8;
const POINTS = 600;
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#ff7f0e', '#9467bd', '#8c564b', '#e377c2', '#17becf'];

const element = (tag, parent, properties = {}) => {
  const made = Object.assign(document.createElement(tag), properties);
  parent.append(made);
  return made;
};

/// One output: a line for each of the first elements of its last dimension, a point for each row.
export class Plot {
  constructor(parent, name) {
    const figure = element('figure', parent);
    this.name = name;
    this.caption = element('figcaption', figure, {textContent: name});
    this.canvas = element('canvas', figure, {className: 'plot', width: 1200, height: 320});
    this.rows = [];
  }

  add({dims, data}) {
    const width = dims.length ? dims[dims.length - 1] : 1;
    for (let i = 0; i + width <= data.length && width > 0; i += width) this.rows.push(Array.from(data.subarray(i, i + Math.min(width, LINES)), Number));
    if (this.rows.length > POINTS) this.rows.splice(0, this.rows.length - POINTS);
  }

  draw() {
    const {canvas, rows} = this;
    const context = canvas.getContext('2d');
    const numbers = rows.flat().filter(Number.isFinite);
    const [least, most] = numbers.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 1e-9]);
    const y = (value) => canvas.height - 10 - (value - least) / (most - least) * (canvas.height - 20);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.lineWidth = 2;
    for (let line = 0; line < (rows.at(-1)?.length ?? 0); line++) {
      context.strokeStyle = COLOURS[line];
      context.beginPath();
      rows.forEach((row, i) => context.lineTo(i * canvas.width / POINTS, y(row[line] ?? 0)));
      context.stroke();
    }
    const last = rows.at(-1)?.map((value) => value.toPrecision(4)).join(', ') ?? '';
    this.caption.textContent = `${this.name} = ${last}   (${least.toPrecision(3)} to ${most.toPrecision(3)})`;
  }
}

/// State slots: an element a pixel, from blue (negative) by white to red.
export class Slots {
  constructor(parent) {
    this.parent = parent;
    this.figures = new Map();
  }

  draw(slots) {
    for (const {name, dims, data} of slots) {
      if (!this.figures.has(name)) {
        const figure = element('figure', this.parent);
        this.figures.set(name, [element('figcaption', figure), element('canvas', figure, {className: 'slot'})]);
      }
      const [caption, canvas] = this.figures.get(name);
      caption.textContent = `${name} [${dims}]`;
      canvas.width = Math.max(data.length, 1);
      canvas.height = 1;
      const context = canvas.getContext('2d');
      const image = context.createImageData(canvas.width, 1);
      data.forEach((value, i) => {
        const part = Math.max(-1, Math.min(1, Number(value)));
        const pale = 255 * (1 - Math.abs(part));
        image.data.set(part < 0 ? [pale, pale, 255, 255] : [255, pale, pale, 255], 4 * i);
      });
      context.putImageData(image, 0, 0);
    }
  }
}

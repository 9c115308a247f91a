'use strict';
// The charts of a page. Rows come first from the page itself, then by server-sent events; each chart keeps what it needs of
// them and is drawn again at most four times a second. Texts of rows are only ever set as text, never as HTML.

const DRAW_EVERY_MS = 250;
const SERIES_MAX = 8;

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const isTime = value => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value);
const textOf = value => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  if (isTime(value)) return value.slice(0, 19).replace('T', ' ').replace(/( 00:00)?:00$/, '');
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return String(value);
};
const shortened = (text, length) => text.length > length ? text.slice(0, length - 1) + '…' : text;
/// Cut to a width in pixels.
const fitted = (context, text, room) => {
  for (let width; text.length > 2 && (width = context.measureText(text).width) > room;) text = shortened(text, Math.min(text.length - 1, Math.ceil(text.length * room / width)));
  return text;
};
const numberOf = value => typeof value === 'number' ? value : isTime(value) ? Date.parse(value) : typeof value === 'string' && value !== '' ? Number(value) : NaN;
const compact = new Intl.NumberFormat('en', {notation: 'compact', maximumSignificantDigits: 4});
const amount = value => Number.isFinite(value) ? compact.format(value) : '';
const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const channels = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
const mix = (from, to, share) => {
  const [a, b] = [channels(from), channels(to)];
  return `rgb(${a.map((low, i) => Math.round(low + (b[i] - low) * share)).join()})`;
};
/// The next of 1, 2, 5, 10, 20, 50 …
const roundStep = least => {
  const power = 10 ** Math.floor(Math.log10(least || 1));
  return power * [1, 2, 5, 10].find(factor => factor * power >= (least || 1));
};
const byValue = (a, b) => a < b ? -1 : a > b ? 1 : 0;
const order = (a, b) => typeof a === 'number' && typeof b === 'number' ? a - b : byValue(String(a), String(b));
const cap = (map, most) => { while (map.size > most) map.delete(map.keys().next().value); };

/// What all charts share: which rows are theirs, the frame around the drawing, reading it by keyboard and as a table.
class Chart {
  constructor(definition) {
    this.is = definition;
    this.spots = [];    // What can be read off: {x, y, text}, in the order of the keyboard.
    this.at = -1;
    this.isDirty = true;
    this.section = element('section');
    this.section.append(element('h2', {textContent: definition.title}));
  }

  take(row) {
    if (row === null || typeof row !== 'object') row = {value: row};
    if (Number.isInteger(row.snapshot) && (row.begin || row.end)) {    // A whole result comes: what was there goes.
      if (row.begin) this.clear();
      this.isDirty = true;
      return;
    }
    for (const [field, wanted] of Object.entries(this.is.where ?? {})) {
      if (![].concat(wanted).includes(row[field]) && row.op !== 'delete') return;
    }
    if (this.is.window === 'last' && row.op !== 'delete' && !this.isOfLastWindow(row)) return;
    this.isDirty = true;
    this.add(row);
  }

  isOfLastWindow(row) {
    const time = row[this.is.time ?? 'window_start'];
    if (this.window !== undefined && order(time, this.window) < 0) return false;
    if (this.window !== undefined && order(time, this.window) > 0) this.clear();
    this.window = time;
    return true;
  }

  frame() {
    this.canvas = element('canvas', {tabIndex: 0});
    this.canvas.setAttribute('role', 'img');
    this.readout = element('output', {textContent: ' '});
    this.legend = element('ul', {className: 'legend'});
    this.grid = element('div', {className: 'scroll', tabIndex: 0});
    const details = element('details', {}, element('summary', {textContent: 'As a table'}), this.grid);
    details.addEventListener('toggle', () => this.draw());
    this.details = details;
    this.section.append(this.canvas, this.legend, this.readout, details);
    this.canvas.addEventListener('keydown', event => this.key(event));
    this.canvas.addEventListener('pointermove', event => this.point(event));
  }

  key(event) {
    const steps = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9};
    if (!(event.key in steps) || !this.spots.length) return;
    event.preventDefault();
    this.at = Math.max(0, Math.min(this.spots.length - 1, this.at + steps[event.key]));
    this.mark();
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = 40 * 40;
    this.spots.forEach((spot, i) => {
      const far = (spot.x - x) ** 2 + (spot.y - y) ** 2;
      if (far < best) { best = far; this.at = i; }
    });
    if (best < 40 * 40) this.mark();
  }

  mark() {
    this.readout.textContent = this.spots[this.at].text;
    this.draw();
  }

  /// Width and height of the drawing, in CSS pixels, and a context that is scaled for the screen.
  begin(height) {
    const scale = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth || 320;
    this.canvas.style.height = height + 'px';
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const context = this.canvas.getContext('2d');
    context.scale(scale, scale);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    this.spots = [];
    return [context, width, height];
  }

  end(context, summary) {
    this.at = Math.min(this.at, this.spots.length - 1);
    if (this.at >= 0) {
      const spot = this.spots[this.at];
      context.strokeStyle = color('focus');
      context.lineWidth = 2;
      context.beginPath();
      context.arc(spot.x, spot.y, 7, 0, 7);
      context.stroke();
    }
    this.canvas.setAttribute('aria-label', `${this.is.title}: ${summary}. Arrow keys read the values.`);
    if (this.details.open) this.grid.replaceChildren(tableOf(this.columns(), this.rows().slice(0, 500)));
  }

  names(list) {
    this.legend.replaceChildren(...list.map(([name, paint]) => {
      const dot = element('i');
      dot.style.background = paint;
      return element('li', {}, dot, shortened(textOf(name), 40));
    }));
  }

  show() {
    if (!this.isDirty) return;
    this.isDirty = false;
    this.draw();
  }
}

/// Hashes and the like have no place to break at: their ends tell them apart, the rest is in the tip.
const cellOf = value => {
  if (typeof value === 'string' && /^[0-9A-Za-z]{33,}$/.test(value)) return {textContent: `${value.slice(0, 10)}…${value.slice(-8)}`, title: value};
  return {textContent: textOf(value), className: typeof value === 'number' ? 'number' : isTime(value) ? 'time' : ''};
};

const tableOf = (columns, rows) => {
  const cell = (tag, value) => element(tag, cellOf(value));
  const head = element('tr', {}, ...columns.map(name => element('th', {textContent: name, scope: 'col'})));
  const body = rows.map(row => element('tr', {}, ...columns.map(name => cell('td', row[name]))));
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
};

/// Rows of which the newest of a key counts.
class Keyed extends Chart {
  constructor(definition, key) {
    super(definition);
    this.key_ = definition.key ?? key;
    this.latest = new Map();
    this.frame();
  }
  clear() { this.latest.clear(); }
  add(row) {
    const key = JSON.stringify(this.key_.map(field => row[field] ?? null));
    this.latest.delete(key);    // The newest stands last, so that the oldest go first.
    if (row.op === 'delete') return;
    this.latest.set(key, row);
    cap(this.latest, this.most ?? 5000);
  }
  columns() { return [...new Set([...this.key_, ...this.values()])]; }
  rows() { return this.drawn ?? []; }
}

class Bars extends Keyed {
  constructor(definition) { super(definition, [definition.x]); }
  values() { return [this.is.x, this.is.y]; }
  draw() {
    const {x, y} = this.is;
    const all = [...this.latest.values()].filter(row => Number.isFinite(numberOf(row[y])));
    all.sort(this.is.order === 'x' ? (a, b) => order(a[x], b[x]) : (a, b) => numberOf(b[y]) - numberOf(a[y]) || order(a[x], b[x]));
    const most = this.is.rows ?? 20;
    this.drawn = this.is.order === 'x' ? all.slice(-most) : all.slice(0, most);
    const [context, width, height] = this.begin(Math.max(60, this.drawn.length * 20 + 6));
    const highest = Math.max(0, ...this.drawn.map(row => numberOf(row[y])));
    const lowest = Math.min(0, ...this.drawn.map(row => numberOf(row[y])));
    const left = Math.min(180, width * .4), room = width - left - 56;
    const at = value => left + (value - lowest) / (highest - lowest || 1) * room;
    this.drawn.forEach((row, i) => {
      const value = numberOf(row[y]), middle = i * 20 + 12, name = textOf(row[x]);
      context.fillStyle = color('c0');
      context.fillRect(Math.min(at(0), at(value)), middle - 7, Math.max(1, Math.abs(at(value) - at(0))), 14);
      context.fillStyle = color('ink');
      context.textAlign = 'right';
      context.fillText(fitted(context, name, left - 8), left - 6, middle);
      context.textAlign = 'left';
      context.fillText(amount(value), Math.max(at(value), at(0)) + 4, middle);
      this.spots.push({x: at(value), y: middle, text: `${name}: ${textOf(row[y])}`});
    });
    this.end(context, `${all.length} bars` + (this.drawn.length ? `, ${this.is.order === 'x' ? 'last' : 'highest'} ${this.spots[this.is.order === 'x' ? this.spots.length - 1 : 0].text}` : ''));
  }
}

class Heat extends Keyed {
  constructor(definition) {
    super(definition, [definition.x, definition.y]);
    this.most = 20000;
  }
  values() { return [this.is.x, this.is.y, this.is.value]; }
  draw() {
    const {x, y, value} = this.is;
    const all = [...this.latest.values()].filter(row => Number.isFinite(numberOf(row[value])));
    const columns = [...new Set(all.map(row => row[x]))].sort(order).slice(-(this.is.points ?? 60));
    const inView = new Set(columns), weight = new Map();
    this.drawn = all.filter(row => inView.has(row[x]));
    for (const row of this.drawn) weight.set(row[y], (weight.get(row[y]) ?? 0) + Math.abs(numberOf(row[value])));
    const lines = [...weight.keys()].sort((a, b) => weight.get(b) - weight.get(a)).slice(0, this.is.rows ?? 20).sort(order);
    const [context, width, height] = this.begin(Math.max(60, lines.length * 20 + 24));
    const left = Math.min(120, width * .3), wide = (width - left) / Math.max(1, columns.length);
    const numbers = this.drawn.map(row => numberOf(row[value]));
    const paint = ramp(Math.min(...numbers), Math.max(...numbers), this.is.middle);
    const column = new Map(columns.map((name, i) => [name, i])), line = new Map(lines.map((name, i) => [name, i]));
    this.drawn = this.drawn.filter(row => line.has(row[y])).sort((a, b) => order(a[y], b[y]) || order(a[x], b[x]));
    for (const row of this.drawn) {
      const [i, j] = [column.get(row[x]), line.get(row[y])];
      context.fillStyle = paint(numberOf(row[value]));
      context.fillRect(left + i * wide, j * 20, Math.max(1, wide - 1), 19);
      this.spots.push({x: left + (i + .5) * wide, y: j * 20 + 10, text: `${textOf(row[y])}, ${textOf(row[x])}: ${textOf(row[value])}`});
    }
    context.fillStyle = color('ink');
    context.textAlign = 'right';
    lines.forEach((name, j) => context.fillText(fitted(context, textOf(name), left - 8), left - 6, j * 20 + 10));
    if (columns.length) {
      context.textAlign = 'left';
      context.fillText(textOf(columns[0]), left, height - 10);
      context.textAlign = 'right';
      if (columns.length > 1) context.fillText(textOf(columns[columns.length - 1]), width, height - 10);
    }
    this.names(paint.legend);
    this.end(context, `${lines.length} by ${columns.length} cells`);
  }
}

/// A function from number to colour: from pale to strong, or, with a middle, from low over pale to high.
const ramp = (low, high, middle) => {
  const [pale, strong] = [color('land'), color('c0')];
  let paint = value => mix(pale, strong, .12 + .88 * ((value - low) / (high - low || 1)));
  if (middle !== undefined) {
    const reach = Math.max(Math.abs(high - middle), Math.abs(low - middle)) || 1;
    paint = value => mix(color('mid'), color(value < middle ? 'low' : 'high'), Math.min(1, Math.sqrt(Math.abs(value - middle) / reach)));
  }
  paint.legend = Number.isFinite(low) ? [...new Set([low, middle ?? low, high])].map(value => [amount(value), paint(value)]) : [];
  return paint;
};

class Line extends Chart {
  constructor(definition) {
    super(definition);
    this.series = new Map();    // Name -> {x: [], y: []}, rising.
    this.frame();
  }
  clear() { this.series.clear(); }
  add(row) {
    const name = this.is.by ? textOf(row[this.is.by]) : this.is.y;
    const x = numberOf(row[this.is.x]), y = row.op === 'delete' ? NaN : numberOf(row[this.is.y]);
    if (!Number.isFinite(x)) return;
    this.isTime ||= isTime(row[this.is.x]);
    if (!this.series.has(name)) this.series.set(name, {x: [], y: []});
    cap(this.series, 500);
    const line = this.series.get(name);
    let at = line.x.length;
    while (at > 0 && line.x[at - 1] >= x) --at;
    const isSame = line.x[at] === x;
    line.x.splice(at, isSame ? 1 : 0, ...(Number.isFinite(y) ? [x] : []));
    line.y.splice(at, isSame ? 1 : 0, ...(Number.isFinite(y) ? [y] : []));
    if (line.x.length > 2 * (this.is.points ?? 600)) for (const list of [line.x, line.y]) list.splice(0, list.length / 2);
  }
  columns() { return [this.is.x, ...this.shown.map(([name]) => name)]; }
  rows() {
    const at = new Map();
    for (const [name, line] of this.shown) line.x.forEach((x, i) => at.set(x, {...at.get(x), [this.is.x]: this.label(x), [name]: line.y[i]}));
    return [...at.keys()].sort((a, b) => b - a).map(x => at.get(x));
  }
  label(x) { return this.isTime ? textOf(new Date(x).toISOString()) : textOf(x); }
  draw() {
    const last = line => line.y[line.y.length - 1];
    const all = [...this.series].filter(([, line]) => line.x.length);
    this.shown = all.sort((a, b) => last(b[1]) - last(a[1])).slice(0, SERIES_MAX).sort((a, b) => byValue(a[0], b[0]));
    const [context, width, height] = this.begin(220);
    const most = this.is.points ?? 600;
    const cut = this.shown.map(([name, line]) => [name, line.x.slice(-most), line.y.slice(-most)]);
    const xs = cut.flatMap(([, x]) => x), ys = cut.flatMap(([, , y]) => y);
    const span = list => list.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
    const [left, right] = span(xs), [lowest, highest] = span([...ys, 0]);
    const px = x => 48 + (x - left) / (right - left || 1) * (width - 60), py = y => 8 + (highest - y) / (highest - lowest || 1) * (height - 36);
    context.fillStyle = color('soft');
    context.strokeStyle = color('line');
    context.textAlign = 'right';
    const step = roundStep((highest - lowest) / 5);
    for (let value = Math.ceil(lowest / step) * step; ys.length && value <= highest; value += step) {
      context.beginPath();
      context.moveTo(48, py(value));
      context.lineTo(width - 12, py(value));
      context.stroke();
      context.fillText(amount(value), 42, py(value));
    }
    if (xs.length) {
      context.fillText(this.label(right) + (this.isTime ? ' UTC' : ''), width - 12, height - 10);
      context.textAlign = 'left';
      context.fillText(this.label(left), 48, height - 10);
    }
    context.lineWidth = 2;
    context.lineJoin = 'round';
    cut.forEach(([name, x, y], i) => {
      context.strokeStyle = color('c' + i);
      context.beginPath();
      x.forEach((value, n) => context.lineTo(px(value), py(y[n])));
      if (x.length === 1) context.arc(px(x[0]), py(y[0]), 2, 0, 7);
      context.stroke();
      x.forEach((value, n) => this.spots.push({x: px(value), y: py(y[n]), text: `${name}, ${this.label(value)}: ${textOf(y[n])}`}));
    });
    this.names(cut.map(([name], i) => [name, color('c' + i)]).concat(all.length > SERIES_MAX ? [[`and ${all.length - SERIES_MAX} lower`, 'transparent']] : []));
    this.end(context, cut.map(([name, , y]) => `${name} ${textOf(y[y.length - 1])}`).join(', ') || 'no values yet');
  }
}

class WorldMap extends Keyed {
  constructor(definition) { super(definition, definition.label ? [definition.label] : [definition.lat, definition.lon]); }
  values() { return [this.is.label, this.is.lat, this.is.lon, this.is.value].filter(Boolean); }
  draw() {
    const {lat, lon, value} = this.is;
    const [south, west, north, east] = this.is.bounds ?? [-58, -172, 80, 180];
    const squeeze = Math.cos((south + north) / 2 * Math.PI / 180);
    const wide = this.canvas.clientWidth || 320;
    const [context, width, height] = this.begin(Math.min(460, wide * (north - south) / ((east - west) * squeeze)));
    const scale = Math.min(width / ((east - west) * squeeze), height / (north - south));
    const px = x => width / 2 + (x - (west + east) / 2) * squeeze * scale, py = y => height / 2 - (y - (south + north) / 2) * scale;
    this.land(context, px, py);
    this.drawn = [...this.latest.values()].filter(row => Number.isFinite(numberOf(row[lat] ?? NaN)) && Number.isFinite(numberOf(row[lon] ?? NaN)));
    const numbers = this.drawn.map(row => value ? numberOf(row[value]) : 1).filter(Number.isFinite);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)], {middle} = this.is;
    const paint = ramp(low, high, middle);
    this.drawn.sort((a, b) => order(numberOf(b[value]), numberOf(a[value])));
    for (const row of this.drawn) {
      const number = value ? numberOf(row[value]) : 1, [x, y] = [px(numberOf(row[lon])), py(numberOf(row[lat]))];
      context.beginPath();
      context.arc(x, y, middle === undefined ? 3 + 13 * Math.sqrt(Math.max(0, number) / (high || 1)) : 5, 0, 7);
      context.globalAlpha = .75;
      context.fillStyle = middle === undefined ? color('c0') : Number.isFinite(number) ? paint(number) : color('mid');
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = color('paper');
      context.stroke();
      this.spots.push({x, y, text: `${textOf(row[this.is.label] ?? `${row[lat]}, ${row[lon]}`)}: ${value ? textOf(row[value]) : ''}`});
    }
    if (middle !== undefined) this.names(paint.legend);
    this.end(context, `${this.drawn.length} places` + (this.spots.length ? `, highest ${this.spots[0].text}` : ''));
  }
  land(context, px, py) {
    context.fillStyle = color('land');
    context.strokeStyle = color('card');
    for (const ring of this.is.outline === 'none' ? [] : OUTLINE) {
      let [x, y] = [0, 0];
      context.beginPath();
      for (const step of ring.split(' ')) {
        const [dx, dy] = step.split(',').map(Number);
        x += dx;
        y += dy;
        context.lineTo(px(x / 10), py(y / 10));
      }
      context.fill();
      context.stroke();
    }
  }
}

class Table extends Chart {
  constructor(definition) {
    super(definition);
    this.kept = new Map();
    this.count = 0;
    this.grid = element('div', {className: 'scroll', tabIndex: 0});
    this.grid.setAttribute('role', 'region');
    this.grid.setAttribute('aria-label', definition.title);
    this.section.append(this.grid);
    if ((definition.columns ?? []).length > 6) this.section.className = 'wide';
  }
  clear() { this.kept.clear(); }
  add(row) {
    const key = this.is.key ? JSON.stringify(this.is.key.map(field => row[field] ?? null)) : ++this.count;
    this.kept.delete(key);
    if (row.op === 'delete' && this.is.key) return;
    this.kept.set(key, row);
    cap(this.kept, this.is.key ? 5000 : this.is.rows ?? 50);
    if (!this.is.columns) this.found = [...new Set([...(this.found ?? []), ...Object.keys(row)])].slice(0, 30);
  }
  draw() {
    let rows = [...this.kept.values()];
    if (this.is.window !== 'last') rows = rows.reverse();
    this.grid.replaceChildren(tableOf(this.is.columns ?? this.found ?? [], rows.slice(0, this.is.rows ?? 50)));
  }
}

/// The last chart takes what would be left empty beside it.
const fill = main => {
  const narrow = [...main.children].filter(section => section.className !== 'wide');
  narrow.forEach(section => { section.style.gridColumn = ''; });
  const columns = getComputedStyle(main).gridTemplateColumns.split(' ').length;
  const left = narrow.length % columns;
  if (left > 0 && narrow.length > columns) narrow.at(-1).style.gridColumn = `span ${columns - left + 1}`;
};

const KINDS = {line: Line, bars: Bars, heat: Heat, map: WorldMap, table: Table};

(() => {
  const page = JSON.parse(document.getElementById('page').textContent);
  const state = document.getElementById('state'), main = document.getElementById('charts');
  const sections = page.sections.map(section => section.charts.map(definition => new KINDS[definition.type](definition)));
  sections.flat().forEach(chart => main.append(chart.section));
  let rows = 0;
  const take = (charts, text) => {
    for (const line of text.split('\n')) {
      if (!line) continue;
      let row;
      try { row = JSON.parse(line); } catch { row = {value: line}; }
      ++rows;
      charts.forEach(chart => chart.take(row));
    }
  };
  const draw = () => sections.flat().forEach(chart => chart.show());
  const redraw = () => {
    fill(main);
    sections.flat().forEach(chart => chart.draw());
  };
  sections.forEach((charts, i) => take(charts, document.getElementById(`rows-${i}`).textContent));
  fill(main);
  draw();
  addEventListener('resize', redraw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  if (!page.feed) {
    state.textContent = `${page.made}, ${rows} rows`;
    return;
  }
  setInterval(() => { if (!document.hidden) draw(); }, DRAW_EVERY_MS);
  const feed = new EventSource(`events?after=${encodeURIComponent(page.feed)}`);
  const say = text => { if (state.textContent !== text) state.textContent = text; };
  feed.onopen = () => say('live');
  feed.onerror = () => say('not connected; trying again');
  // What came meanwhile is no longer in the stream: the page itself has it.
  feed.addEventListener('reload', () => location.reload());
  sections.forEach((charts, i) => feed.addEventListener(`rows-${i}`, event => take(charts, event.data)));
})();

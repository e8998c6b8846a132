// Draws the plan that the element "data" holds. A page whose textures change puts others in their place with xelpackMap.replace(classes, view); what they
// take up is shown if the plan itself took up nothing. A class with a title and a label is called that, instead of its textures by their names.
// xelpackMap.show(drawing) puts another plan in the place of the whole, of Map.Drawing. xelpackMap.frame(box) draws a dashed box, { west, north, east, south }, or none for null.
// xelpackMap.aircraft({ lat, lon, track, cells: [{ lat, lon }, …] }) draws the aircraft and the cells ahead of it, or none for null. Places are those of xelpackGeo. On success the root element gets
// data-drawn, the number of textures; on failure data-error.
(() => {
  const { mercator, latitude, withBounds, decodeLand, position } = xelpackGeo;
  const root = document.documentElement;
  addEventListener("error", e => { root.dataset.error = e.message; });

  const $ = id => document.getElementById(id);
  const canvas = $("canvas"), ctx = canvas.getContext("2d"), layer = document.createElement("canvas").getContext("2d");
  const data = JSON.parse($("data").textContent);
  let [west, north, east, south] = data.view;
  const empty = east - west === 1; // nothing was there to be shown
  const land = decodeLand(atob(data.land));
  let index = buildIndex(), deepest = deepestOf();
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const holes = new Map(data.holes.map(h => [h.name, h]));
  const taken = new Map(Object.entries(data.taken).flatMap(([days, names]) => names.map(name => [name, days])));
  const shown = { imagery: Boolean(data.imagery), colours: true };
  const ground = data.imagery && new Image();

  let width = 0, height = 0, ratio = 1; // of the canvas, in CSS pixels, and device pixels to one
  let cx = 0, cy = 0, scale = 1;        // middle of the view, CSS pixels to the world's width
  let fitted = true;                    // until somebody moves the map
  let framed = null;                    // the dashed box
  let flown = null;                     // the aircraft and the cells ahead of it
  let ink = {};                         // colours

  // ---- data

  let routes = data.routes.map(withBounds), area = data.area.map(withBounds);

  function deepestOf() { return data.classes.reduce((zl, c) => Math.max(zl, c.zl), 4); }

  // index finds the runs of a row of textures: zl → row → [class, column, how many].
  function buildIndex() {
    const levels = new Map();
    for (const c of data.classes) {
      if (!levels.has(c.zl)) levels.set(c.zl, new Map());
      const rows = levels.get(c.zl);
      for (let i = 0; i < c.runs.length; i += 3) {
        if (!rows.has(c.runs[i])) rows.set(c.runs[i], []);
        rows.get(c.runs[i]).push([c, c.runs[i + 1], c.runs[i + 2]]);
      }
    }
    return [...levels].sort((a, b) => b[0] - a[0]);
  }

  // texturesAt returns what stands at x, y, the sharpest first.
  function texturesAt(x, y) {
    const found = [];
    for (const [zl, rows] of index) {
      const side = 2 ** (zl - 4), row = Math.floor(y * side), col = Math.floor((x - Math.floor(x)) * side);
      for (const [c, from, n] of rows.get(row) || []) {
        if (col >= from && col < from + n) found.push({ c, row, col, side, name: c.title || `${16 * row}_${16 * col}_${c.maptype}${String(zl).padStart(2, "0")}` });
      }
    }
    return found;
  }

  const describe = ({ c, name }) => {
    if (c.label) return c.label;
    const chunks = 4 ** (4 - c.k), side = 4096 >> c.k, hole = holes.has(name) ? " – a hole: some of them failed" : "", days = taken.has(name) ? `, taken ${taken.get(name)}` : "";
    return `ZL${c.zl}, detail ${c.k}: ${side} × ${side} pixels from ${chunks} ${chunks === 1 ? "chunk" : "chunks"} at ZL${c.zl - c.k}${days}${hole}`;
  };

  function textureNamed(name) {
    const [, row, col, zl] = /^(\d+)_(\d+)_.*?(\d\d)$/.exec(name) || [], side = 2 ** (zl - 4);
    return zl && texturesAt((col / 16 + 0.5) / side, (row / 16 + 0.5) / side).find(t => t.name === name);
  }

  // ---- view

  const toX = x => (x - cx) * scale + width / 2;
  const toY = y => (y - cy) * scale + height / 2;
  const fromX = px => (px - width / 2) / scale + cx;
  const fromY = px => (px - height / 2) / scale + cy;

  function settle() {
    const least = 0.9 * Math.min(width, height), most = 700 * 2 ** (deepest - 4);
    scale = Math.min(Math.max(scale, least), most);
    const half = height / 2 / scale;
    cy = half >= 0.5 ? 0.5 : Math.min(Math.max(cy, half), 1 - half);
    cx -= Math.floor(cx);
  }

  // whole is the box of all that is to be seen: the plan, and the aircraft with some ground round it.
  function whole() {
    if (!flown) return [west, north, east, south];
    const x = (flown.lon + 180) / 360, y = mercator(flown.lat), round = 1.5 / 360;
    return [Math.min(west, x - round), Math.min(north, y - round), Math.max(east, x + round), Math.max(south, y + round)];
  }

  function fit() {
    const edge = 0.92;
    const [west, north, east, south] = whole();
    scale = Math.min(width * edge / Math.max(east - west, 1e-9), height * edge / Math.max(south - north, 1e-9));
    cx = (west + east) / 2;
    cy = (north + south) / 2;
    fitted = true;
    settle();
    redraw();
  }

  function zoom(factor, px = width / 2, py = height / 2) {
    const x = fromX(px), y = fromY(py);
    scale *= factor;
    settle();
    cx = x - (px - width / 2) / scale;
    cy = y - (py - height / 2) / scale;
    fitted = false;
    settle();
    redraw();
  }

  function pan(dx, dy) {
    cx -= dx / scale;
    cy -= dy / scale;
    fitted = false;
    settle();
    redraw();
  }

  // ---- drawing

  let due = 0;
  function redraw() {
    if (!due) due = requestAnimationFrame(() => { due = 0; draw(); });
  }

  // turns yields the shifts by whole worlds at which something between west and east is in view.
  function* turns(from, to) {
    for (let turn = Math.ceil(fromX(0) - to); turn + from <= fromX(width); turn++) yield turn;
  }

  // beyond says on which sides of the view a point lies, with a margin for thick lines.
  const beyond = (x, y) => (x < -10 ? 1 : x > width + 10 ? 2 : 0) | (y < -10 ? 4 : y > height + 10 ? 8 : 0);

  // trace leaves out what runs along beyond one side of the view: a continent has thousands of points, of which few are seen.
  function trace(to, line, turn) {
    const { xy } = line;
    let lastX = NaN, lastY = NaN, out = 0, held = false, heldX = 0, heldY = 0;
    for (let i = 0; i < xy.length; i += 2) {
      const x = toX(xy[i] + turn), y = toY(xy[i + 1]), sides = beyond(x, y);
      if (i > 0 && i + 2 < xy.length && (out & sides)) {
        out &= sides;
        [held, heldX, heldY] = [true, x, y];
        continue;
      }
      if (held) {
        to.lineTo(heldX, heldY);
        [held, lastX, lastY] = [false, NaN, NaN];
      }
      out = sides;
      if (i === 0) to.moveTo(x, y);
      else if (i + 2 === xy.length || !(Math.abs(x - lastX) + Math.abs(y - lastY) <= 0.7)) to.lineTo(x, y);
      else continue;
      lastX = x;
      lastY = y;
    }
  }

  const inView = line => line.south >= fromY(0) && line.north <= fromY(height);

  function traceAll(to, lines) {
    to.beginPath();
    for (const line of lines) {
      if (inView(line)) for (const turn of turns(line.west, line.east)) trace(to, line, turn);
    }
  }

  // traceCoasts leaves out what lies beyond the edge of the map: that is how Antarctica is closed.
  function traceCoasts() {
    ctx.beginPath();
    for (const { xy, ...line } of land) {
      if (!inView(line)) continue;
      for (const turn of turns(line.west, line.east)) {
        let drawing = false, lastX = NaN, lastY = NaN, out = 0, leftX = NaN, leftY = NaN;
        for (let i = 0; i < xy.length; i += 2) {
          const cut = i > 0 && Math.max(xy[i + 1], xy[i - 1]) > 0.999999;
          const x = toX(xy[i] + turn), y = toY(xy[i + 1]), sides = beyond(x, y), unseen = out & sides;
          out = sides;
          if (drawing && unseen) {
            [leftX, leftY] = [x, y];
            continue;
          }
          if (!isNaN(leftX)) {
            ctx.moveTo(leftX, leftY);
            [lastX, lastY, leftX] = [leftX, leftY, NaN];
          }
          if (!drawing || cut) ctx.moveTo(x, y);
          else if (i + 2 < xy.length && Math.abs(x - lastX) + Math.abs(y - lastY) < 0.7) continue;
          else ctx.lineTo(x, y);
          drawing = true;
          lastX = x;
          lastY = y;
        }
      }
    }
  }

  // eachRun calls f with the rectangle of every run in view, its edges on device pixels so that neighbours meet without a seam.
  function eachRun(c, f) {
    const side = 2 ** (c.zl - 4), snap = v => Math.round(v * ratio) / ratio;
    const top = Math.floor(fromY(0) * side) - 1, bottom = fromY(height) * side;
    for (let i = 0; i < c.runs.length; i += 3) {
      const row = c.runs[i], col = c.runs[i + 1], n = c.runs[i + 2];
      if (row < top || row > bottom) continue;
      for (const turn of turns(col / side, (col + n) / side)) {
        const x = snap(toX(col / side + turn)), y = snap(toY(row / side));
        f(x, y, Math.max(snap(toX((col + n) / side + turn)) - x, 1 / ratio), Math.max(snap(toY((row + 1) / side)) - y, 1 / ratio), row, col, n, turn);
      }
    }
  }

  // drawImagery shows the ground where textures are.
  function drawImagery() {
    if (!shown.imagery || !ground.complete || !ground.naturalWidth) return;
    ctx.save();
    ctx.beginPath();
    for (const c of data.classes) eachRun(c, (x, y, w, h) => ctx.rect(x, y, w, h));
    ctx.clip();
    const [w, n, e, s] = data.imagery.box;
    for (const turn of turns(w, e)) ctx.drawImage(ground, toX(w + turn), toY(n), (e - w) * scale, (s - n) * scale);
    ctx.restore();
  }

  function drawTextures() {
    if (!shown.colours) return;
    for (const c of data.classes) {
      ctx.fillStyle = ctx.strokeStyle = dark.matches ? c.dark : c.light;
      ctx.globalAlpha = shown.imagery ? 0.3 : 0.9;
      eachRun(c, (x, y, w, h) => ctx.fillRect(x, y, w, h));
      if (!shown.imagery) continue;
      ctx.globalAlpha = 1;
      ctx.lineWidth = 2;
      eachRun(c, (x, y, w, h) => ctx.strokeRect(x + 1, y + 1, Math.max(w - 2, 1), Math.max(h - 2, 1)));
    }
    ctx.globalAlpha = 1;
    for (const c of data.classes) {
      const px = scale / 2 ** (c.zl - 4);
      if (px < 9) continue;
      ctx.strokeStyle = ink.casing;
      ctx.globalAlpha = Math.min(0.75, (px - 7) / 20);
      ctx.lineWidth = 1;
      ctx.beginPath();
      eachRun(c, (x, y, w, h, row, col, n, turn) => {
        ctx.rect(x, y, w, h);
        for (let i = 1; i < n; i++) {
          const at = toX((col + i) / 2 ** (c.zl - 4) + turn);
          if (at < 0 || at > width) continue;
          ctx.moveTo(at, y);
          ctx.lineTo(at, y + h);
        }
      });
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
  }

  // drawHoles hatches what is not whole, and makes it large enough to be seen.
  function drawHoles() {
    const least = 7;
    ctx.strokeStyle = ctx.fillStyle = ink.hole;
    for (const h of data.holes) {
      const side = 2 ** (h.zl - 4), size = Math.max(scale / side, least), step = 7;
      for (const turn of turns(h.col / side, (h.col + 1) / side)) {
        const x = toX((h.col + 0.5) / side + turn) - size / 2, y = toY((h.row + 0.5) / side) - size / 2;
        if (x > width || y > height || x + size < 0 || y + size < 0) continue;
        if (size < 3 * step) {
          ctx.fillRect(x, y, size, size);
          continue;
        }
        ctx.save();
        ctx.beginPath();
        ctx.rect(x, y, size, size);
        ctx.lineWidth = 4;
        ctx.stroke();
        ctx.clip();
        ctx.lineWidth = 1.5;
        ctx.beginPath();
        for (let i = Math.max(0, -x - y - size); i < Math.min(2 * size, width + height); i += step) {
          ctx.moveTo(x + i, y);
          ctx.lineTo(x + i - size, y + size);
        }
        ctx.stroke();
        ctx.restore();
      }
    }
  }

  // drawNames writes names into textures that are wide enough on the screen and not hidden under sharper ones.
  function drawNames() {
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.font = "12px ui-monospace, Menlo, Consolas, 'Liberation Mono', monospace";
    for (const c of data.classes) {
      const px = scale / 2 ** (c.zl - 4);
      if (c.title || px < 160 || px > 4 * Math.max(width, height)) continue;
      eachRun(c, (x, y, w, h, row, col, n, turn) => {
        for (let i = 0; i < n; i++) {
          const side = 2 ** (c.zl - 4), mx = toX((col + i + 0.5) / side + turn), my = toY((row + 0.5) / side);
          if (mx < -px || mx > width + px) continue;
          const [top] = texturesAt(fromX(mx), fromY(my));
          if (top.c === c) halo(top.name, mx, my);
        }
      });
    }
  }

  function halo(text, x, y) {
    ctx.lineJoin = "round";
    ctx.lineWidth = 3;
    ctx.strokeStyle = ink.casing;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = ink.text;
    ctx.fillText(text, x, y);
  }

  function drawGraticule() {
    const steps = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05], step = steps.find(s => s / 360 * scale < 190) || 0.05;
    const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
    ctx.font = "11px system-ui, 'Liberation Sans', sans-serif";
    ctx.lineWidth = 1;
    const labels = [];
    ctx.beginPath();
    for (let i = Math.ceil((fromX(0) * 360 - 180) / step); i * step <= fromX(width) * 360 - 180; i++) {
      const x = Math.round(toX((i * step + 180) / 360)) + 0.5, lon = ((i * step + 540) % 360 + 360) % 360 - 180;
      ctx.moveTo(x, 0);
      ctx.lineTo(x, height);
      labels.push([`${Math.abs(lon).toFixed(digits)}°${lon === -180 || lon === 0 ? "" : lon < 0 ? " W" : " E"}`, x, height - 10, "center"]);
    }
    for (let i = Math.ceil(Math.max(latitude(fromY(height)), -85) / step); i * step <= Math.min(latitude(fromY(0)), 85); i++) {
      const y = Math.round(toY(mercator(i * step))) + 0.5, lat = i * step;
      ctx.moveTo(0, y);
      ctx.lineTo(width, y);
      if (y > 140 && y < height - 40) labels.push([`${Math.abs(lat).toFixed(digits)}°${lat === 0 ? "" : lat < 0 ? " S" : " N"}`, 8, y, "left"]);
    }
    ctx.strokeStyle = ink.grid;
    ctx.globalAlpha = 0.35;
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.textBaseline = "middle";
    for (const [text, x, y, align] of labels) {
      if (align === "center" && (x < 130 || x > width - 190)) continue; // the scale and the position stand there
      ctx.textAlign = align;
      halo(text, x, y);
    }
  }

  function drawScale() {
    const metres = 40030230 * Math.cos(latitude(cy) * Math.PI / 180) / scale; // a pixel
    const best = [5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5].find(nm => nm * 1852 / metres <= 110) || 0.2;
    const w = best * 1852 / metres, x = 10.5, y = height - 11.5;
    for (const [colour, thick] of [[ink.casing, 5], [ink.text, 1.5]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thick;
      ctx.beginPath();
      ctx.moveTo(x, y - 5);
      ctx.lineTo(x, y);
      ctx.lineTo(x + w, y);
      ctx.lineTo(x + w, y - 5);
      ctx.stroke();
    }
    ctx.font = "11px system-ui, 'Liberation Sans', sans-serif";
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    halo(`${best} NM`, x + 5, y - 4);
  }

  // drawCells draws the cells that X-Plane loads as wholes, each edge once: what two of them share is one line of the path.
  function drawCells() {
    const line = px => Math.floor(px) + 0.5; // one pixel wide
    ctx.beginPath();
    for (let i = 0; i < data.cells.length; i += 2) {
      const [lat, lon] = [data.cells[i], data.cells[i + 1]], west = (lon + 180) / 360, east = (lon + 181) / 360;
      const top = line(toY(mercator(lat + 1))), bottom = line(toY(mercator(lat)));
      if (top > height || bottom < 0) continue;
      for (const turn of turns(west, east)) ctx.rect(line(toX(west + turn)), top, line(toX(east + turn)) - line(toX(west + turn)), bottom - top);
    }
    ctx.strokeStyle = ink.area;
    ctx.globalAlpha = 0.6;
    ctx.lineWidth = 1;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  // drawArea draws the outline of the union: every ring's line, less what lies inside of another.
  function drawArea() {
    if (area.length === 0) return;
    layer.canvas.width = canvas.width;
    layer.canvas.height = canvas.height;
    layer.setTransform(ratio, 0, 0, ratio, 0, 0);
    traceAll(layer, area);
    for (const [colour, thick] of [[ink.casing, 7], [ink.area, 4]]) {
      layer.strokeStyle = colour;
      layer.lineWidth = thick;
      layer.stroke();
    }
    layer.globalCompositeOperation = "destination-out";
    layer.fill("nonzero");
    layer.globalCompositeOperation = "source-over";
    ctx.drawImage(layer.canvas, 0, 0, width, height);
  }

  function drawFrame() {
    if (!framed) return;
    for (const [colour, thick] of [[ink.casing, 6], [ink.text, 2.5]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thick;
      ctx.setLineDash(thick > 3 ? [] : [10, 6]);
      for (const turn of turns(framed.west, framed.east)) {
        const x = toX(framed.west + turn), y = toY(framed.north);
        ctx.strokeRect(x, y, toX(framed.east + turn) - x, toY(framed.south) - y);
      }
    }
    ctx.setLineDash([]);
  }

  function drawRoutes() {
    ctx.lineJoin = ctx.lineCap = "round";
    for (const [colour, thick] of [[ink.casing, 5.5], [ink.route, 2.5]]) {
      traceAll(ctx, routes);
      ctx.strokeStyle = colour;
      ctx.lineWidth = thick;
      ctx.stroke();
    }
    data.stops.forEach((stops, route) => {
      for (let i = 0; i < stops.length; i += 2) {
        const end = i === 0 || i + 2 === stops.length;
        for (const turn of turns(stops[i], stops[i])) {
          ctx.beginPath();
          ctx.arc(toX(stops[i] + turn), toY(stops[i + 1]), end ? 5.5 : 3.5, 0, 7);
          ctx.fillStyle = i === 0 ? ink.route : ink.casing;
          ctx.fill();
          ctx.lineWidth = 2;
          ctx.strokeStyle = i === 0 ? ink.casing : ink.route;
          ctx.stroke();
        }
      }
    });
    ctx.lineCap = "butt";
    ctx.lineJoin = "miter";
  }

  // drawAircraft draws the cells ahead, the first of them strongest, and the aircraft as an arrow along its track.
  function drawAircraft() {
    if (!flown) return;
    flown.cells.forEach(({ lat, lon }, i) => {
      const west = (lon + 180) / 360, east = (lon + 181) / 360, y = toY(mercator(lat + 1)), h = toY(mercator(lat)) - y;
      ctx.fillStyle = ink.route;
      ctx.globalAlpha = Math.max(0.12, 0.4 - 0.04 * i);
      for (const turn of turns(west, east)) ctx.fillRect(toX(west + turn), y, toX(east + turn) - toX(west + turn), h);
    });
    ctx.globalAlpha = 1;
    const x = (flown.lon + 180) / 360, y = mercator(flown.lat);
    for (const turn of turns(x, x)) {
      ctx.save();
      ctx.translate(toX(x + turn), toY(y));
      ctx.rotate(flown.track * Math.PI / 180);
      ctx.beginPath();
      ctx.moveTo(0, -13);
      ctx.lineTo(9, 11);
      ctx.lineTo(0, 6);
      ctx.lineTo(-9, 11);
      ctx.closePath();
      ctx.fillStyle = ink.text;
      ctx.fill();
      ctx.strokeStyle = ink.casing;
      ctx.lineWidth = 2;
      ctx.stroke();
      ctx.restore();
    }
  }

  function drawPicked() {
    ctx.strokeStyle = ctx.fillStyle = ink.area;
    ctx.lineWidth = 2.5;
    for (const { row, col, side } of picks.all()) {
      for (const turn of turns(col / side, (col + 1) / side)) {
        const square = [toX(col / side + turn), toY(row / side), scale / side, scale / side];
        ctx.globalAlpha = 0.35;
        ctx.fillRect(...square);
        ctx.globalAlpha = 1;
        ctx.strokeRect(...square);
      }
    }
  }

  const aim = () => pointing.aimed ? { x: width / 2, y: height / 2 } : pointing.at;

  function drawPointed() {
    const at = aim();
    const found = at ? texturesAt(fromX(at.x), fromY(at.y)) : [];
    if (found.length > 0) {
      const { row, col, side } = found[0], turn = Math.floor(fromX(at.x)), w = scale / side;
      ctx.strokeStyle = ink.casing;
      ctx.lineWidth = 5;
      ctx.strokeRect(toX(col / side + turn), toY(row / side), w, w);
      ctx.strokeStyle = ink.area;
      ctx.lineWidth = 2.5;
      ctx.strokeRect(toX(col / side + turn), toY(row / side), w, w);
    }
    if (pointing.aimed) {
      for (const [colour, thick] of [[ink.casing, 4], [ink.text, 1.5]]) {
        ctx.strokeStyle = colour;
        ctx.lineWidth = thick;
        ctx.beginPath();
        ctx.moveTo(at.x - 9, at.y);
        ctx.lineTo(at.x + 9, at.y);
        ctx.moveTo(at.x, at.y - 9);
        ctx.lineTo(at.x, at.y + 9);
        ctx.stroke();
      }
    }
    tell(at, found);
  }

  function draw() {
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = ink.sea;
    ctx.fillRect(0, 0, width, height);
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, toY(0), width, scale);
    ctx.clip();
    traceAll(ctx, land);
    ctx.fillStyle = ink.land;
    ctx.fill("evenodd");
    drawImagery();
    drawTextures();
    traceCoasts();
    for (const [colour, thick, alpha] of [[ink.casing, 3.2, 0.5], [ink.coast, 1.2, 1]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thick;
      ctx.globalAlpha = alpha;
      ctx.stroke();
    }
    drawGraticule();
    drawCells();
    drawArea();
    drawHoles();
    drawPicked();
    drawNames();
    drawFrame();
    drawRoutes();
    drawAircraft();
    ctx.restore();
    drawPointed();
    drawScale();
    root.dataset.drawn = data.classes.reduce((sum, c) => { for (let i = 2; i < c.runs.length; i += 3) sum += c.runs[i]; return sum; }, 0);
  }

  // ---- words


  let said = "";
  function tell(at, found) {
    const tip = $("tip"), here = at ? position(fromX(at.x), fromY(at.y)) : "";
    $("where").textContent = here;
    const words = found.length ? found.map(t => `${t.name}\n${describe(t)}`).join("\n") : at ? `${here}\nNothing here.` : said || $("reading").textContent;
    if (words !== said) $("reading").textContent = said = words;
    tip.hidden = found.length === 0 || pointing.dragged;
    if (tip.hidden) return;
    tip.replaceChildren(...found.flatMap(t => {
      const name = document.createElement("b"), more = document.createElement("span"), swatch = document.createElement("i");
      name.textContent = t.name;
      swatch.style.background = dark.matches ? t.c.dark : t.c.light;
      more.append(swatch, describe(t));
      return [name, more];
    }));
    const x = at.x + 16 + tip.offsetWidth > width ? at.x - 16 - tip.offsetWidth : at.x + 16;
    const y = at.y + 16 + tip.offsetHeight > height ? at.y - 16 - tip.offsetHeight : at.y + 16;
    tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
  }

  // ---- input

  function toggle(layer) {
    if (!data.imagery) return;
    shown[layer] = !shown[layer];
    $(layer).setAttribute("aria-pressed", shown[layer]);
    redraw();
  }
  if (data.imagery) {
    for (const layer of ["imagery", "colours"]) $(layer).addEventListener("click", () => toggle(layer));
    ground.addEventListener("load", redraw);
    ground.src = "data:image/jpeg;base64," + data.imagery.jpeg;
  }
  const imagery = () => toggle("imagery"), colours = () => toggle("colours");
  const picks = xelpackPick({ named: textureNamed, redraw });
  const click = (x, y) => picks.toggle(texturesAt(fromX(x), fromY(y))[0]), pick = () => { const at = aim(); if (at) click(at.x, at.y); };
  const pointing = xelpackInput(canvas, { zoom, pan, fit, redraw, click, keys: { "i": imagery, "I": imagery, "c": colours, "C": colours, "p": pick, "P": pick } });

  // ---- start

  function paint() {
    const style = getComputedStyle(root);
    for (const name of ["sea", "land", "coast", "grid", "route", "casing", "area", "text", "hole"]) ink[name] = style.getPropertyValue("--" + name).trim();
    redraw();
  }
  dark.addEventListener("change", paint);

  function measure() {
    const box = canvas.getBoundingClientRect();
    width = box.width;
    height = box.height;
    ratio = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    if (fitted) fit();
    settle();
    draw();
  }

  window.xelpackMap = {
    aircraft(view) {
      const found = view && !flown;
      flown = view;
      if (found && fitted) fit();
      redraw();
    },
    frame(box) {
      framed = box;
      redraw();
    },
    show(drawing) {
      Object.assign(data, drawing);
      [west, north, east, south] = data.view;
      routes = data.routes.map(withBounds);
      area = data.area.map(withBounds);
      index = buildIndex();
      deepest = deepestOf();
      fitted = true;
      fit();
      redraw();
    },
    replace(classes, view) {
      data.classes = classes;
      index = buildIndex();
      const before = deepest;
      deepest = Math.max(deepest, deepestOf());
      if (empty && classes.length > 0) [west, north, east, south] = view;
      if (fitted && (empty || deepest !== before)) fit();
      redraw();
    },
  };

  paint();
  new ResizeObserver(measure).observe(canvas);
  measure();
})();

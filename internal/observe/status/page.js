// Keeps the page up to date from /events. Textures live in typed arrays; the map gets them as runs of one state. On success the root element gets data-live.
(() => {
  "use strict";
  const root = document.documentElement, $ = id => document.getElementById(id);
  const NUMBERS = 5;
  const styles = [...document.querySelectorAll("#legend tr")].map(row => ({
    row, label: row.querySelector("th").textContent, light: row.dataset.light, dark: row.dataset.dark, count: row.querySelector(".n"),
  }));

  // ---- textures

  let n = 0, zl = new Uint8Array(1024), row = new Uint32Array(1024), col = new Uint32Array(1024), maptype = new Uint16Array(1024), state = new Uint8Array(1024);
  let maptypes = [], order = null; // indexes by zl, maptype, row, column; null when textures came

  function put(at, numbers) {
    while (at + numbers.length / NUMBERS > zl.length) {
      const wider = old => { const a = new old.constructor(2 * old.length); a.set(old); return a; };
      [zl, row, col, maptype, state] = [zl, row, col, maptype, state].map(wider);
    }
    for (let i = 0; i < numbers.length; i += NUMBERS, at++) {
      [zl[at], row[at], col[at], maptype[at], state[at]] = numbers.slice(i, i + NUMBERS);
    }
    if (at > n) {
      n = at;
      order = null;
    }
  }

  // Shallow zoom levels first, so that sharper textures are drawn over them.
  function classes() {
    if (!order) {
      order = Uint32Array.from({ length: n }, (_, i) => i)
        .sort((a, b) => zl[a] - zl[b] || maptype[a] - maptype[b] || row[a] - row[b] || col[a] - col[b]);
    }
    const all = new Map();
    let last = null, run = -1, lastRow = -1, next = -1;
    for (const i of order) {
      const id = (zl[i] * 65536 + maptype[i]) * 16 + state[i];
      let c = all.get(id);
      if (!c) {
        const s = styles[state[i]];
        c = { zl: zl[i], k: 0, maptype: maptypes[maptype[i]], label: s.label, light: s.light, dark: s.dark, runs: [] };
        all.set(id, c);
      }
      if (c === last && row[i] === lastRow && col[i] === next) c.runs[run]++;
      else run = c.runs.push(row[i], col[i], 1) - 1;
      [last, lastRow, next] = [c, row[i], col[i] + 1];
    }
    return [...all.values()].sort((a, b) => a.zl - b.zl);
  }

  // extent is the rectangle that holds all textures: west, north, east, south of the world 1 wide.
  function extent() {
    const view = [1, 1, 0, 0];
    for (let i = 0; i < n; i++) {
      const side = 2 ** (zl[i] - 4);
      view[0] = Math.min(view[0], col[i] / side);
      view[1] = Math.min(view[1], row[i] / side);
      view[2] = Math.max(view[2], (col[i] + 1) / side);
      view[3] = Math.max(view[3], (row[i] + 1) / side);
    }
    return view;
  }

  // ---- words

  const thousands = v => Math.round(v).toLocaleString("en-US");
  function bytes(v) {
    for (const unit of ["B", "kB", "MB", "GB"]) {
      if (v < 999.5) return `${v < 9.95 && unit !== "B" ? v.toFixed(1) : Math.round(v)} ${unit}`;
      v /= 1000;
    }
    return `${v.toFixed(1)} TB`;
  }
  const time = s => s <= 0 ? "–" : s < 1e-3 ? `${Math.round(s * 1e6)} µs` : s < 1 ? `${(s * 1e3).toFixed(s < 0.01 ? 1 : 0)} ms` : s < 90 ? `${s.toFixed(1)} s` : `${Math.round(s / 60)} min`;

  // fill makes the rows of a table those of list, touching only what differs.
  function fill(table, list) {
    const body = table.tBodies[0];
    table.hidden = list.length === 0;
    while (body.rows.length > list.length) body.deleteRow(-1);
    list.forEach((cells, r) => {
      const line = body.rows[r] || body.insertRow();
      cells.forEach((text, c) => {
        let cell = line.cells[c];
        if (!cell) {
          cell = document.createElement(c === 0 ? "th" : "td");
          if (c === 0) cell.scope = "row";
          line.append(cell);
        }
        say(cell, text);
      });
    });
  }

  function say(element, text) {
    if (element.textContent !== String(text)) element.textContent = text;
  }

  // ---- curves

  const curves = [
    { name: "downloaded, a second", of: [s => s.down], text: bytes },
    { name: "read, a second", of: [s => s.read], text: bytes },
    { name: "textures, a second", of: [s => s.textures], text: v => v.toFixed(1) },
    { name: "chunks: median, p99", of: [s => s.chunk99, s => s.chunk50], text: time, log: true },
    { name: "opens: median, p99", of: [s => s.open99, s => s.open50], text: time, log: true },
    { name: "reads: median, p99", of: [s => s.read99, s => s.read50], text: time, log: true },
  ];
  let samples = [];

  for (const c of curves) {
    c.box = document.createElement("div");
    c.box.className = "curve";
    const line = document.createElement("p"), name = document.createElement("span");
    name.textContent = c.name;
    c.value = document.createElement("b");
    line.append(name, c.value);
    c.canvas = document.createElement("canvas");
    c.canvas.setAttribute("role", "img");
    c.box.append(line, c.canvas);
    $("curves").append(c.box);
  }

  function drawCurves() {
    const style = getComputedStyle(root), ink = style.getPropertyValue("--text"), rule = style.getPropertyValue("--rule");
    const from = samples.length ? samples[samples.length - 1].at - 600 : 0;
    for (const c of curves) {
      const peak = Math.max(...samples.map(c.of[0]), 0);
      c.box.hidden = peak === 0;
      if (peak > 0) $("rates").hidden = false;
      if (peak === 0) continue;
      const now = c.of.map(f => f(samples[samples.length - 1])).reverse();
      say(c.value, `${now.map(c.text).join(" / ")}, peak ${c.text(peak)}`);
      c.canvas.setAttribute("aria-label", `${c.name}: now ${now.map(c.text).join(" and ")}, peak ${c.text(peak)}`);
      const ratio = devicePixelRatio || 1, w = c.canvas.clientWidth, h = c.canvas.clientHeight, ctx = c.canvas.getContext("2d");
      if (c.canvas.width !== Math.round(w * ratio)) {
        c.canvas.width = Math.round(w * ratio);
        c.canvas.height = Math.round(h * ratio);
      }
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      ctx.clearRect(0, 0, w, h);
      ctx.fillStyle = rule;
      ctx.fillRect(0, h - 1, w, 1);
      const floor = 5e-7, y = v => c.log
        ? h - 2 - (h - 6) * Math.max(0, Math.log(Math.max(v, floor) / floor)) / Math.log(Math.max(peak, 2 * floor) / floor)
        : h - 2 - (h - 6) * v / peak;
      c.of.forEach((f, which) => {
        ctx.beginPath();
        let pen = false;
        for (const s of samples) {
          const v = f(s), x = w * (s.at - from) / 600;
          if (c.log && v <= 0) { pen = false; continue; }
          if (!pen) ctx.moveTo(x - 1, y(v)); // one sample is to be seen too
          ctx.lineTo(x, y(v));
          pen = true;
        }
        ctx.strokeStyle = ink;
        ctx.globalAlpha = which === 0 && c.of.length > 1 ? 0.45 : 1;
        ctx.lineWidth = 1.5;
        ctx.stroke();
        ctx.globalAlpha = 1;
      });
    }
  }

  // ---- updates

  let spoken = 0; // when the summary was last said: screen readers are not to be flooded
  function show(s) {
    const now = performance.now();
    if (now - spoken > 10000 || s.ended || spoken === 0) {
      say($("spoken"), s.summary);
      spoken = now;
    }
    say($("summary"), s.summary);
    const r = s.report, build = s.what !== "mount";
    if (build && r.textures > 0) {
      const percent = 100 * (r.built + r.skipped) / r.textures;
      $("progress").hidden = false;
      $("progress").setAttribute("aria-valuenow", percent.toFixed(0));
      $("progress").firstChild.style.width = `${percent}%`;
    }
    const list = s.waits.length ? s.waits : ["Nothing."];
    const waits = $("waits");
    while (waits.children.length > list.length) waits.lastChild.remove();
    list.forEach((text, i) => say(waits.children[i] || waits.appendChild(document.createElement("li")), text));
    for (const style of styles) {
      const count = s.counts[style.label] || 0;
      style.row.hidden = count === 0;
      say(style.count, thousands(count));
    }
    fill($("stages"), s.stages.map(x => [x.name, thousands(x.in), x.fits ? thousands(x.fits) : "–", thousands(x.waiting)]));
    fill($("hosts"), s.hosts.map(x => [x.name + (x.down ? " (does not answer)" : ""), x.in_flight, x.limit, thousands(x.queued), time(x.median)]));
    fill($("workers"), s.workers.map((x, i) => [i + 1, x.task, x.task === "idle" ? "–" : time(x.seconds)]));
    fill($("slow"), s.slow.map(x => [x.texture, x.op, x.from, time(x.seconds)]));
    const totals = build ? [
      ["textures", `${thousands(r.textures)}: ${thousands(r.built)} built, ${thousands(r.skipped)} there already`],
      ["chunks", `${thousands(r.chunks.ok)} ok, ${thousands(r.chunks.no_imagery)} without imagery, ${thousands(r.chunks.failed)} failed`],
    ] : [];
    xelpackMap.aircraft(s.follow || null);
    const row = $("aircraft");
    if (row) row.hidden = !s.follow;
    if (s.follow) totals.push(["aircraft", `${s.follow.text}, by ${s.follow.from}`], ["ahead of it", ahead(s.follow)]);
    if (s.mount) {
      const m = s.mount;
      totals.push(
        ["opens", `${thousands(m.Archived.Opens)} archived, ${thousands(m.Live.Opens)} live, ${thousands(m.Real.Opens)} real files`],
        ["read", bytes(m.Archived.Bytes + m.Live.Bytes + m.Real.Bytes)],
        ["live", `${thousands(m.Made)} whole, ${thousands(m.Incomplete)} with holes, ${thousands(m.Failed)} failed, ${thousands(m.StandIns)} stand-ins`],
        ["opened within ten minutes", frame(s.window)],
        ["caches", `memory ${bytes(m.CacheBytes)}, ${thousands(m.MemoryHits)} hits, ${thousands(m.Evicted)} evicted; disk ${thousands(m.OnDisk)} textures, ${thousands(m.DiskHits)} hits`]);
    }
    if (r.requests > 0 || build) totals.push(["requests", `${thousands(r.requests)}, ${thousands(r.retries)} again, ${bytes(r.bytes_downloaded)} downloaded`]);
    if (build) totals.push(["stored", bytes(r.bytes_stored)]);
    if (s.undrawn) totals.push(["not drawn", `${thousands(s.undrawn)} textures`]);
    fill($("totals"), totals);
    for (const [name, v] of Object.entries({ built: r.built, skipped: r.skipped, ok: r.chunks.ok, stored: r.bytes_stored, requests: r.requests })) root.dataset[name] = v;
  }

  // ahead says what is made before X-Plane asks for it.
  function ahead(f) {
    if (f.quiet) return `nothing is made now: ${f.quiet}`;
    if (!f.cells.length) return "everything is there";
    const name = c => `${c.lat < 0 ? "-" : "+"}${String(Math.abs(c.lat)).padStart(2, "0")}${c.lon < 0 ? "-" : "+"}${String(Math.abs(c.lon)).padStart(3, "0")}`;
    return `${thousands(f.ahead)} textures: ${f.cells.slice(0, 6).map(c => `${name(c)} (${c.textures})`).join(", ")}${f.cells.length > 6 ? ", …" : ""}`;
  }

  // frame draws the box of what was opened of late, and says where it is.
  function frame(w) {
    const box = w && { west: (w.west + 180) / 360, east: (w.east + 180) / 360, north: xelpackGeo.mercator(w.north), south: xelpackGeo.mercator(w.south) };
    if (box && box.east <= box.west) box.east += 1; // across the antimeridian
    xelpackMap.frame(box || null);
    const side = (v, a, b) => `${Math.abs(v).toFixed(1)}° ${v < 0 ? b : a}`;
    return w ? `${thousands(w.textures)} texture${w.textures === 1 ? "" : "s"}, ${side(w.south, "N", "S")} to ${side(w.north, "N", "S")}, ${side(w.west, "E", "W")} to ${side(w.east, "E", "W")}` : "nothing";
  }

  let waiting = null; // updates that came before the textures; null afterwards
  function update(u) {
    if (waiting) {
      waiting.push(u);
      return;
    }
    maptypes = u.maptypes;
    if (u.new.length) put(u.from, u.new);
    for (let i = 0; i < (u.changes || []).length; i += 2) {
      if (u.changes[i] < n) state[u.changes[i]] = u.changes[i + 1];
    }
    if (u.new.length || (u.changes || []).length) xelpackMap.replace(classes(), extent());
    if (samples.length === 0 || u.sample.at > samples[samples.length - 1].at) samples.push(u.sample);
    samples.splice(0, samples.length - 600);
    show(u);
    drawCurves();
  }

  async function load() {
    const all = await (await fetch("/textures")).json();
    maptypes = all.maptypes;
    n = 0;
    put(0, all.textures);
    samples = all.history;
    xelpackMap.replace(classes(), extent());
    show(all.now);
    drawCurves();
    const late = waiting;
    waiting = null;
    late.forEach(update);
    root.dataset.live = n;
  }

  function light(on, text) {
    say($("live"), text);
    $("live").className = on ? "on" : "off";
  }

  const events = new EventSource("/events");
  events.onopen = () => {
    light(true, "live");
    waiting = [];
    load().catch(() => light(false, "no connection"));
  };
  events.onerror = () => light(false, "no connection");
  events.onmessage = e => update(JSON.parse(e.data));
  events.addEventListener("end", () => {
    events.close();
    light(false, "ended");
    root.dataset.ended = "";
  });
  addEventListener("resize", drawCurves);
})();

// Has the mouse, fingers and the keyboard move a map: { zoom(factor, x, y), pan(dx, dy), fit(), redraw(), click(x, y), keys }, of which keys are more of them, by name.
// Returns what is pointed at: at, where the mouse is in CSS pixels, or null; aimed, that the keyboard moves and points at the middle; dragged.
const xelpackInput = (canvas, map) => {
  const pointing = { at: null, aimed: false, dragged: false };
  const fingers = new Map(); // pointers that are down
  let held = null;           // the middle of them and their distance
  let still = null;          // where the only one went down, until it moves

  function grip() {
    const all = [...fingers.values()], n = all.length;
    pointing.dragged = n > 0;
    canvas.classList.toggle("dragged", n > 0);
    if (n === 0) return null;
    const x = all.reduce((sum, p) => sum + p.x, 0) / n, y = all.reduce((sum, p) => sum + p.y, 0) / n;
    return { x, y, apart: n > 1 ? Math.hypot(all[0].x - all[1].x, all[0].y - all[1].y) : 0 };
  }

  const spot = e => { const r = canvas.getBoundingClientRect(); return { x: e.clientX - r.left, y: e.clientY - r.top }; };

  canvas.addEventListener("pointerdown", e => {
    if (e.button > 0) return;
    canvas.setPointerCapture(e.pointerId);
    fingers.set(e.pointerId, spot(e));
    held = grip();
    still = fingers.size === 1 ? spot(e) : null;
  });
  canvas.addEventListener("pointermove", e => {
    pointing.at = spot(e);
    pointing.aimed = false;
    if (still && Math.hypot(pointing.at.x - still.x, pointing.at.y - still.y) > 4) still = null;
    if (fingers.has(e.pointerId)) {
      fingers.set(e.pointerId, pointing.at);
      const now = grip();
      if (now.apart && held.apart) map.zoom(now.apart / held.apart, now.x, now.y);
      map.pan(now.x - held.x, now.y - held.y);
      held = now;
    }
    map.redraw();
  });
  const release = e => {
    fingers.delete(e.pointerId);
    held = grip();
    map.redraw();
  };
  canvas.addEventListener("pointerup", e => {
    if (still && fingers.has(e.pointerId)) map.click(still.x, still.y);
    still = null;
    release(e);
  });
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => { pointing.at = null; map.redraw(); });
  canvas.addEventListener("wheel", e => {
    e.preventDefault();
    const lines = e.deltaMode === 1 ? 30 : e.deltaMode === 2 ? 300 : 1, at = spot(e);
    map.zoom(Math.exp(-Math.max(-300, Math.min(300, e.deltaY * lines)) * (e.ctrlKey ? 0.01 : 0.002)), at.x, at.y);
  }, { passive: false });
  canvas.addEventListener("dblclick", e => { const at = spot(e); map.zoom(2, at.x, at.y); });

  const { zoom, pan, fit } = map, keys = {
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "_": () => zoom(1 / 1.5), "0": fit, "Home": fit,
    "ArrowLeft": () => pan(80, 0), "ArrowRight": () => pan(-80, 0), "ArrowUp": () => pan(0, 80), "ArrowDown": () => pan(0, -80), ...map.keys,
  };
  canvas.addEventListener("keydown", e => {
    if (!Object.hasOwn(keys, e.key) || e.ctrlKey || e.altKey || e.metaKey) return;
    e.preventDefault();
    pointing.aimed = true;
    keys[e.key]();
  });
  canvas.addEventListener("blur", () => { pointing.aimed = false; map.redraw(); });
  document.getElementById("in").addEventListener("click", () => zoom(1.5));
  document.getElementById("out").addEventListener("click", () => zoom(1 / 1.5));
  document.getElementById("all").addEventListener("click", fit);
  return pointing;
};

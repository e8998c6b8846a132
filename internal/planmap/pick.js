// Keeps which textures of an archive are picked, to be replaced: map is { named(name), redraw() }. The element "picked" shows the command, which begins with its data-command; where it
// is missing nothing can be picked. The names stand in the page's address too, so that they outlast a reload. Returns { toggle(texture), all() }.
const xelpackPick = map => {
  const box = document.getElementById("picked"), picked = new Map();

  function show() {
    const names = [...picked.keys()].join(",");
    box.hidden = picked.size === 0;
    box.querySelector("code").textContent = `${box.dataset.command} ${names} --provider ID`;
  }

  if (box) {
    for (const texture of decodeURIComponent(location.hash.slice(1)).split(",").map(map.named)) {
      if (texture) picked.set(texture.name, texture);
    }
    show();
  }
  return {
    toggle(texture) {
      if (!box || !texture) return;
      if (!picked.delete(texture.name)) picked.set(texture.name, texture);
      show();
      history.replaceState(null, "", "#" + [...picked.keys()].join(","));
      map.redraw();
    },
    all: () => picked.values(),
  };
};

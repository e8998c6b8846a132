// Draws what archives cover, and puts the page's own address into the commands.
(() => {
  const { classes, box } = JSON.parse(document.getElementById("archives").textContent);
  const { mercator } = xelpackGeo;

  // ground turns west, south, east and north in degrees into places on the map.
  const ground = ([west, south, east, north]) => ({
    west: (west + 180) / 360, east: (east + (east <= west ? 540 : 180)) / 360, north: mercator(north), south: mercator(south),
  });
  const all = ground(box);
  xelpackMap.replace(classes, [all.west, all.north, all.east, all.south]);

  const buttons = [...document.querySelectorAll(".show")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const other of buttons) other.setAttribute("aria-pressed", on && other === button);
      xelpackMap.frame(on ? ground(classes.find(c => c.title === button.dataset.file).box) : null);
    });
  }

  // address is where a file beside the page is, as a command takes it: never with what follows a question mark, which may be secret.
  function address(file) {
    const url = new URL(encodeURIComponent(file), location.origin === "null" ? location.href : location.origin + location.pathname);
    if (url.protocol !== "file:") return url.href;
    return decodeURIComponent(url.pathname).replace(/^\/(?=[A-Za-z]:)/, "");
  }
  const quoted = word => /^[\w@%+=:,./-]+$/.test(word) ? word : /^[A-Za-z]:/.test(word) ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
  for (const code of document.querySelectorAll("code[data-command]")) {
    const { command, file } = code.dataset, rest = command === "verify" ? "" : " --route flight.fms -o flight.mbtiles";
    code.textContent = `xelpack ${command} ${quoted(address(file || "catalogue.json"))}${rest}`;
  }
  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      getSelection().selectAllChildren(code); // where the clipboard may not be written, Ctrl+C copies this
      if (!navigator.clipboard) return;
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    });
  }
})();

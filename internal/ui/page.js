// The page of a flight: sends what is chosen, shows what it costs, and follows a flight that is under way. data-ready on the root element counts
// the costs that were shown.
(() => {
  const $ = id => document.getElementById(id), root = document.documentElement;
  const token = new URLSearchParams(location.search).get("token");
  const form = $("form");
  let asked = null, shown = 0, timer = 0, following = 0, good = false, under = false;

  async function ask(path, body, signal) {
    const method = body === undefined ? "GET" : "POST";
    const answer = await fetch(path, { method, body, signal, headers: { Authorization: `Bearer ${token}` } });
    const text = await answer.text();
    let result;
    try {
      result = JSON.parse(text);
    } catch {
      throw new Error(text || "xelpack does not answer");
    }
    if (result && result.error) throw new Error(result.error);
    return result;
  }

  const post = (path, value) => ask(path, JSON.stringify(value));
  const bytes = n => n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : n >= 1e6 ? `${(n / 1e6).toFixed(1)} MB` : `${Math.ceil(n / 1e3)} kB`;

  function fill(list, make, items) {
    list.replaceChildren(...items.map(make));
  }

  function element(tag, text, props) {
    return Object.assign(document.createElement(tag), { textContent: text }, props);
  }

  function problem(text) {
    $("problem").textContent = text;
    $("problem").hidden = !text;
  }

  function choice() {
    return {
      route: $("named").value.trim() || $("route").value,
      packages: [...document.querySelectorAll("#packages input:checked")].map(i => i.value),
      provider: $("provider").value, detail: $("detail").value, enlarge: Number($("enlarge").value),
      install: $("install").checked,
    };
  }

  // ---- what it costs

  function later() {
    $("levels").textContent = $("enlarge").value;
    const provider = $("provider").selectedOptions[0];
    $("terms").textContent = provider ? provider.title : "";
    clearTimeout(timer);
    timer = setTimeout(cost, 60);
  }

  async function cost() {
    const c = choice();
    if (asked) asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    if (!c.route || c.packages.length === 0) {
      allow(false);
      return;
    }
    try {
      const answer = await ask("cost", JSON.stringify(c), signal);
      $("spoken").textContent = answer.lacks || `${answer.textures.toLocaleString("en")} textures, ${bytes(answer.download_bytes)} to download, ${bytes(answer.store_bytes)} on disk`;
      fill($("facts").tBodies[0], f => {
        const row = document.createElement("tr");
        row.append(element("th", f.Name, { scope: "row" }), element("td", f.Text));
        return row;
      }, [...answer.facts, { Name: "free disk", Text: bytes(answer.free) }, { Name: "licence", Text: `${answer.licence}; to pass on: ${answer.terms}` }]);
      fill($("notes"), n => element("li", n), answer.notes);
      xelpackMap.show(answer.drawing);
      allow(!answer.lacks);
    } catch (e) {
      if (e.name === "AbortError") return;
      $("spoken").textContent = e.message;
      $("facts").tBodies[0].replaceChildren();
      $("notes").replaceChildren();
      allow(false);
    }
    root.dataset.ready = ++shown;
  }

  function allow(yes) {
    good = yes;
    $("go").disabled = !good || under;
  }

  // ---- flight plans

  async function take(file) {
    if (!file || under) return;
    try {
      const kept = await ask(`plan?name=${encodeURIComponent(file.name)}`, file);
      offer(kept.file);
      $("named").value = "";
      $("route").value = kept.file;
      later();
    } catch (e) {
      $("spoken").textContent = e.message;
    }
  }

  const baseName = path => path.split(/[\\/]/).pop();

  function offer(file) {
    for (const o of $("route").options) if (o.value === file) return;
    $("route").prepend(element("option", baseName(file), { value: file, title: file }));
  }

  // ---- a flight under way

  const phases = { plan: "Planning", build: "Building", seal: "Looking whether anything lacks", mount: "Mounted, or about to be", ended: "Ended" };

  async function follow() {
    clearTimeout(following);
    try {
      const { flight } = await ask("state?flight");
      if (flight) show(flight);
      if (flight && flight.running) following = setTimeout(follow, 500);
    } catch (e) {
      problem(`${e.message}: xelpack ui has ended, or does not answer`);
      following = setTimeout(follow, 3000);
    }
  }

  function show(f) {
    const before = under;
    under = f.running;
    $("flight").hidden = false;
    $("choices").disabled = under;
    $("end").hidden = !under;
    const name = phases[f.phase] || f.phase;
    if ($("phase").textContent !== name) $("phase").textContent = name;
    const share = Math.max(f.share, 0);
    $("progress").hidden = f.share < 0;
    $("progress").firstElementChild.style.setProperty("width", `${100 * share}%`);
    $("progress").setAttribute("aria-valuenow", Math.round(100 * share));
    $("work").textContent = f.facts;
    $("lines").textContent = f.lines.join("\n");
    const pages = f.pages || [], links = $("watch").querySelector("span");
    $("watch").hidden = pages.length === 0;
    if (links.dataset.pages !== pages.join(" ")) {
      links.dataset.pages = pages.join(" ");
      links.replaceChildren(...pages.flatMap((href, i) => [i ? ", " : "", element("a", pages.length > 1 ? `status page ${i + 1}` : "status page", { href, target: "_blank", rel: "noopener" })]));
    }
    const said = f.error || [...f.lines].reverse().find(l => /^(sealed|not sealed|start X-Plane)/.test(l)) || "";
    if ($("verdict").textContent !== said) $("verdict").textContent = said;
    root.dataset.phase = f.error ? "failed" : said.startsWith("start X-Plane") && under ? "flying" : f.phase;
    allow(good);
    if (before && !under) refresh();
  }

  form.addEventListener("submit", async e => {
    e.preventDefault();
    problem("");
    try {
      await post("fly", choice());
      follow();
    } catch (e) {
      problem(e.message);
    }
  });

  $("end").addEventListener("click", async () => {
    try {
      await post("end", {});
    } catch (e) {
      problem(e.message);
    }
    follow();
  });

  // ---- what can be chosen

  async function refresh() {
    const s = await ask("state");
    problem(s.problem || "");
    $("xplane").textContent = s.xplane;
    const chosen = $("route").value;
    fill($("route"), f => element("option", baseName(f), { value: f, title: f }), s.plans);
    if (s.simbrief) $("route").prepend(element("option", "SimBrief: the latest plan", { value: "simbrief" }));
    if (chosen) $("route").value = chosen;
    if (!$("packages").childElementCount) {
      fill($("packages"), p => {
        const label = element("label", "", { className: "check" });
        label.append(element("input", "", { type: "checkbox", value: p.Name, defaultChecked: !p.Disabled }), ` ${p.Name}${p.Disabled ? " (disabled)" : ""}`);
        return label;
      }, s.packages);
      fill($("provider"), p => element("option", p.id, { value: p.id, title: `${p.detail}; to pass on: ${p.terms}` }),
        [{ id: "auto", terms: "as its sources say", detail: "what the packages name, or else the best open imagery" }, ...s.providers]);
    }
    $("folder").textContent = s.folder;
    fill($("archives").tBodies[0], a => {
      const row = document.createElement("tr"), cell = document.createElement("td");
      row.append(element("th", a.name, { scope: "row" }), element("td", `${bytes(a.bytes)}${a.way ? `, ${a.way}` : ""}${a.state === "building" ? ", unfinished" : ""}`), cell);
      const button = element("button", "Remove", { type: "button" });
      button.setAttribute("aria-label", `Remove ${a.name}`);
      button.addEventListener("click", async () => {
        if (!confirm(`Remove ${a.name} for good?`)) return;
        try {
          await post("archive/remove", { Name: a.name });
        } catch (e) {
          problem(e.message);
        }
        refresh();
      });
      cell.append(button);
      return row;
    }, s.archives);
    if (s.flight) follow();
    later();
  }

  $("examine").addEventListener("click", async () => {
    try {
      const findings = await post("doctor", choice());
      fill($("findings"), f => element("li", `${f.subject}: ${f.detail}${f.remedy ? ` – ${f.remedy}` : ""}`, { className: f.verdict }), findings);
    } catch (e) {
      fill($("findings"), t => element("li", t), [e.message]);
    }
  });

  $("choices").addEventListener("input", later);
  $("file").addEventListener("change", () => take($("file").files[0]));
  const drop = $("drop");
  for (const [name, on] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    addEventListener(name, e => {
      e.preventDefault();
      drop.classList.toggle("over", on);
      if (name === "drop") take(e.dataTransfer.files[0]);
    });
  }
  refresh().catch(e => problem(e.message));
})();

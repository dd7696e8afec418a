/* Owns the new run's form: the worst case while typing, steps from dollars, example tasks, a template's sentence. */
(() => {
  "use strict";
  const field = (name) => document.getElementById(`id_${name}`);
  const steps = field("max_steps"), engine = field("cua_version"), ceiling = field("ceiling");
  const cost = document.getElementById("cost"), sum = document.getElementById("cost-sum");
  const price = () => Number(engine.value === "v1" ? cost.dataset.v1 : cost.dataset.other);
  function show() {
    const count = Number(steps.value), known = Number.isInteger(count) && count > 0 && count <= 1000;
    cost.textContent = known ? `$${((count * price()) / 100).toFixed(2)}` : "—";
    sum.textContent = " " + (known ? sum.dataset.sum.replace("%s", count).replace("%p", price()) : sum.dataset.none);
  }
  function limit() {
    // In cents: 0.15 / 0.05 is 2.9999999999999996 as it is.
    const cents = Math.round(Number(ceiling.value) * 100);
    if (cents > 0) steps.value = Math.min(1000, Math.floor(cents / price()));
    show();
  }
  if (steps && engine && cost) {
    steps.addEventListener("input", () => { if (ceiling) ceiling.value = ""; show(); });
    ceiling?.addEventListener("input", limit);
    engine.addEventListener("change", limit);
    limit();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preset]");
    if (!button) return;
    field("task").value = button.dataset.preset;
    field("task").focus();
  });

  const preview = document.getElementById("preview");
  function fill() {
    const parts = preview.dataset.template.split(/(\{\{\s*[A-Za-z][A-Za-z0-9_]*\s*(?::\s*[a-z]+\s*)?\}\})/);
    preview.replaceChildren(...parts.map((part) => {
      const name = /^\{\{\s*([A-Za-z][A-Za-z0-9_]*)/.exec(part);
      const input = name && field(`var_${name[1]}`);
      if (!input) return document.createTextNode(part);
      const mark = document.createElement("mark");
      const text = input.type === "password" ? (input.value ? "••••••••" : "") : input.value.trim();
      mark.textContent = text || name[1];
      if (!text) mark.className = "missing";
      return mark;
    }));
  }
  if (preview) {
    for (const input of document.querySelectorAll("[data-variable]")) input.addEventListener("input", fill);
    fill();
  }
})();

/* Owns the new run's form: the worst case while typing, and the example tasks. */
(() => {
  "use strict";
  const steps = document.getElementById("id_max_steps"), engine = document.getElementById("id_cua_version");
  const cost = document.getElementById("cost"), sum = document.getElementById("cost-sum");
  function show() {
    const count = Number(steps.value), price = Number(engine.value === "v1" ? cost.dataset.v1 : cost.dataset.other);
    const known = Number.isInteger(count) && count > 0 && count <= 1000;
    cost.textContent = known ? `$${((count * price) / 100).toFixed(2)}` : "—";
    sum.textContent = known ? ` (${count} steps × $0.0${price})` : " (give 1 to 1000 steps)";
  }
  steps.addEventListener("input", show);
  engine.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preset]");
    if (!button) return;
    const task = document.getElementById("id_task");
    task.value = button.dataset.preset;
    task.focus();
  });
  show();
})();

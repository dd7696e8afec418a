/* Owns the list of runs: new rows come in where they move nothing under the hand; selecting many by mouse and keys. */
(() => {
  "use strict";
  const list = () => document.getElementById("run-list");
  const boxes = () => [...document.querySelectorAll("#run-list .pick input")];
  const chosen = new Set();
  let last = null; // the box that was touched last: a range begins there

  function isInUse() {
    const region = list().querySelector("[data-list]");
    return chosen.size > 0 || scrollY > 120 || Boolean(region && (region.matches(":hover") || region.contains(document.activeElement)));
  }
  document.addEventListener("htmx:wsAfterMessage", () => {
    const news = document.getElementById("run-news"), button = news?.querySelector("[data-show-new]");
    if (button && Number(news.dataset.new) && !isInUse()) button.click();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "run-list") return;
    for (const box of boxes()) box.checked = chosen.has(box.value);
    if (event.detail.requestConfig?.triggeringEvent?.detail && document.activeElement === document.body) list().querySelector(".row-link")?.focus({ preventScroll: true });
    show();
  });

  function choose(box, on) {
    box.checked = on;
    if (on) chosen.add(box.value); else chosen.delete(box.value);
  }
  function range(from, to, on) {
    const all = boxes(), [start, end] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
    for (const box of all.slice(Math.max(0, start), end + 1)) choose(box, on);
  }
  function touch(box, on, isRange) {
    if (isRange && last && last.isConnected) range(last, box, on); else choose(box, on);
    last = box;
    show();
  }
  function show() {
    const bar = document.getElementById("bulk");
    if (!bar) return;
    for (const kept of bar.querySelectorAll("[data-kept]")) kept.remove();
    const here = new Set(boxes().map((box) => box.value));
    for (const value of chosen) {
      if (here.has(value)) continue; // its own box is sent
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: "run", value });
      kept.dataset.kept = "";
      bar.append(kept);
    }
    const place = bar.querySelector("[data-chosen]");
    place.textContent = (chosen.size === 1 ? place.dataset.one : place.dataset.many).replace("%s", chosen.size);
  }
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".pick input");
    if (box) return touch(box, box.checked, event.shiftKey);
    if (event.target.closest?.("[data-choose-none]")) for (const each of boxes()) choose(each, false);
    else if (event.target.closest?.("[data-choose-all]")) for (const each of boxes()) choose(each, true);
    else return;
    if (event.target.closest("[data-choose-none]")) chosen.clear();
    show();
  });
  document.addEventListener("mousedown", (event) => { if (event.shiftKey && event.target.closest?.(".pick")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    let isOff = false;
    try { isOff = localStorage.getItem("keys") === "off"; } catch { /* on */ }
    if (isOff || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== "x" || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const row = document.activeElement.closest?.(".runs-rows > li"), box = row?.querySelector(".pick input");
    if (!box) return;
    event.preventDefault();
    touch(box, event.shiftKey || !box.checked, event.shiftKey);
  });
  for (const box of boxes()) if (box.checked) chosen.add(box.value);
  show();
})();

/* Owns the page of approvals that are alike: what is ticked stands on each button, and loses its tick where it is over or
   has moved since it was drawn; which pictures were on screen, a second long and half at least, or opened. */
(() => {
  "use strict";
  const LONG_ENOUGH = 1000;
  const form = document.getElementById("alike");
  if (!form) return;
  const none = form.querySelector("[data-tick-none]"), told = form.querySelector("[name=looked_at]");
  const words = none ? [none.textContent, none.dataset.all] : [];
  const cards = () => [...form.querySelectorAll(".alike-card")], boxes = () => [...form.querySelectorAll("input[name=member]:enabled")];

  function show() {
    const ticked = boxes().filter((box) => box.checked).length;
    for (const place of form.querySelectorAll("[data-ticked]")) place.textContent = ticked;
    for (const button of form.querySelectorAll("button[name=verdict]")) button.disabled = !ticked;
    if (none) none.textContent = words[ticked ? 0 : 1];
  }
  none?.addEventListener("click", () => {
    const any = boxes().some((box) => box.checked);
    for (const box of boxes()) box.checked = !any;
    show();
  });
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);

  function compare(card) {
    const now = card.querySelector("[data-now]"), box = card.querySelector("input[name=member]"), line = now.querySelector("[data-moved]");
    const gone = "gone" in now.dataset;
    let moved = false;
    for (const item of line ? line.querySelectorAll("[data-differs]") : []) {
      item.hidden = card.dataset[item.dataset.differs] === now.dataset[item.dataset.differs];
      moved = moved || !item.hidden;
    }
    if (line) line.hidden = !moved;
    card.classList.toggle("gone", gone);
    card.classList.toggle("moved", moved);
    if (!gone && !moved) return;
    if (box.checked) lose(card.dataset.pk);
    box.checked = false;
    box.disabled = true;
  }
  function lose(pk) {
    const place = document.getElementById("announcer");
    if (place) place.textContent = interpolate(gettext("Approval %s has lost its tick: its card says why."), [pk]);
  }

  // What is not told by this script stays unknown: without it the field is empty.
  const seen = new Set(), timers = new Map();
  function tell() { told.value = "seen" + [...seen].join(","); }
  function look(image) {
    if (!image.isConnected) return;
    if (!image.complete || !image.naturalWidth) return image.addEventListener("load", () => again(image), { once: true });
    seen.add(image.closest(".alike-card").dataset.pk);
    watcher.unobserve(image);
    tell();
  }
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, intersectionRatio } of entries) {
      clearTimeout(timers.get(target));
      if (intersectionRatio >= 0.5 && !document.hidden) timers.set(target, setTimeout(look, LONG_ENOUGH, target));
    }
  }, { threshold: [0, 0.5] });
  function again(image) { watcher.unobserve(image); watcher.observe(image); }
  function watch() {
    for (const card of cards()) {
      compare(card);
      const image = card.querySelector("img");
      if (image && !card.dataset.watched) { card.dataset.watched = "1"; seen.delete(card.dataset.pk); watcher.observe(image); }
    }
    tell();
    show();
  }
  form.addEventListener("click", (event) => { const image = event.target.closest(".shot")?.querySelector("img"); if (image) look(image); });
  document.addEventListener("visibilitychange", () => {
    for (const timer of timers.values()) clearTimeout(timer);
    if (!document.hidden) for (const card of cards()) { const image = card.querySelector("img"); if (image && !seen.has(card.dataset.pk)) again(image); }
  });
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:wsAfterMessage"]) document.addEventListener(name, watch);
  watch();
})();

/* Owns whether the frame was on screen when a decision is sent: in view for a second, or opened large. */
(() => {
  "use strict";
  const LONG_ENOUGH = 1000;
  let watcher = null, timer = 0, seen = "", watched = null, of = "";

  function told(value) {
    const field = document.querySelector("[name=seen_frame_open]");
    if (field) field.value = value;
  }
  function watch() {
    const evidence = document.querySelector("[data-evidence]"), image = document.querySelector(".facts-card .frame img");
    if (!evidence) return;
    if (evidence.dataset.frame === seen) { told("true"); return; }
    told("false");
    // What else changes on the page, as often as it may, takes nothing of the second.
    if (image && image === watched && evidence.dataset.frame === of) return;
    watcher?.disconnect();
    clearTimeout(timer);
    [watched, of] = [image, evidence.dataset.frame];
    if (!image) return;
    if (!image.naturalWidth) { // not there yet, or never
      watched = null;
      image.addEventListener("load", watch, { once: true });
      return;
    }
    watcher = new IntersectionObserver((entries) => {
      clearTimeout(timer);
      if (entries.some((entry) => entry.intersectionRatio >= 0.5) && !document.hidden) timer = setTimeout(look, LONG_ENOUGH);
    }, { threshold: [0, 0.5] });
    watcher.observe(image);
  }
  function look() {
    const evidence = document.querySelector("[data-evidence]");
    if (!evidence) return;
    seen = evidence.dataset.frame;
    told("true");
  }
  document.addEventListener("click", (event) => { if (event.target.closest(".facts-card [data-zoom]")) look(); });
  document.addEventListener("visibilitychange", () => { clearTimeout(timer); watched = null; if (!document.hidden) watch(); });
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, watch);
  watch();
})();

/* Owns that a row stays under the hand while its list is drawn anew; the list settles once the hand rests. */
(() => {
  "use strict";
  const RESTS = 2000; // ms without a move or a key
  let pointer = null, movedAt = -RESTS, timer = 0, pushed = 0, room = null, before = null;
  const busy = () => performance.now() - movedAt < RESTS;

  function held() {
    const under = pointer ? document.elementFromPoint(pointer.x, pointer.y) : document.activeElement;
    return under?.closest("[data-list] > .row[id]");
  }
  function stir() {
    movedAt = performance.now();
    clearTimeout(timer);
    if (pushed || room) timer = setTimeout(settle, RESTS);
  }
  function settle() {
    // Back by what the page was pushed, so that what arrived above is seen.
    scrollBy(0, -pushed);
    pushed = 0;
    if (room) room.style.paddingTop = room.style.paddingBottom = "";
    room = null;
  }
  addEventListener("pointermove", (event) => { pointer = event.pointerType === "mouse" ? { x: event.clientX, y: event.clientY } : null; stir(); }, { passive: true });
  addEventListener("keydown", () => { pointer = null; stir(); }, { passive: true });
  document.addEventListener("pointerleave", () => { pointer = null; });
  addEventListener("wheel", () => { pushed = 0; }, { passive: true }); // where a person scrolled to, it stays

  document.addEventListener("htmx:wsBeforeMessage", () => {
    const row = busy() ? held() : null;
    before = row ? { id: row.id, top: row.getBoundingClientRect().top } : null;
  });
  document.addEventListener("htmx:wsAfterMessage", () => {
    const row = before && document.getElementById(before.id), from = scrollY;
    if (!row) return;
    const off = () => row.getBoundingClientRect().top - before.top;
    if (Math.abs(off()) < 1) return;
    scrollBy(0, off());
    const rest = off();
    if (Math.abs(rest) >= 1) { // the page has no room to scroll: it gets some above or below
      room = row.closest("[ws-connect]");
      const side = rest > 0 ? "paddingBottom" : "paddingTop";
      room.style[side] = `${parseFloat(getComputedStyle(room)[side]) + Math.abs(rest)}px`;
      scrollBy(0, off());
    }
    pushed += scrollY - from;
    stir();
  });
})();

/* Owns the page of approvals that are alike: what is ticked stands on each button, and loses its tick where it is over or
   has moved since it was drawn; which pictures were on screen, a second long and half at least, or opened; how many came
   since, to be drawn unticked at the end when somebody asks for them. */
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
    form.querySelector("[data-none-ticked]").hidden = Boolean(ticked);
    for (const place of form.querySelectorAll("[data-sum]")) place.textContent = money(place.dataset.sum);
    if (none) none.textContent = words[ticked ? 0 : 1];
  }
  function money(what) {
    const each = boxes().filter((box) => box.checked).map((box) => box.closest(".alike-card").dataset[what]);
    if (each.includes("")) return "?"; // one of them has no end that is known
    const cents = each.reduce((sum, one) => sum + Number(one), 0);
    return "$" + (cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
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
    announce(interpolate(gettext("Approval %s has lost its tick: its card says why."), [pk]));
  }
  function announce(text) {
    const place = document.getElementById("announcer");
    if (place) place.textContent = text;
  }

  // The socket is told which cards are here; after more of them were drawn it opens anew, and sends what these missed.
  const drawn = () => cards().map((card) => card.dataset.pk).join(",");
  const create = htmx.createWebSocket;
  let socket = null, line = null, more = null;
  htmx.createWebSocket = (address) => {
    if (!address.includes("/ws/alike/")) return create(address);
    const at = new URL(address);
    at.searchParams.set("of", drawn());
    return socket = create(at.href);
  };
  document.addEventListener("htmx:wsOpen", (event) => { if (event.target.contains(form)) line = event.detail.socketWrapper; });
  function openAnew() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.addEventListener("close", () => line.reconnect(), { once: true });
    socket.close(4000);
  }
  function count() {
    const now = Number(document.getElementById("alike-more")?.dataset.more || 0);
    if (more !== null && now > more) announce(interpolate(ngettext("%s more like these arrived, not shown yet", "%s more like these arrived, not shown yet", now - more), [now - more]));
    more = now;
  }
  let anew = null; // the card that somebody wants drawn anew: the button for it is gone then
  form.addEventListener("click", (event) => { if (event.target.id.startsWith("alike-anew-")) anew = event.target.id.replace("-anew", ""); });
  function holdFocus() {
    if (!anew || document.activeElement !== document.body) return;
    document.getElementById(anew)?.querySelector("input[name=member]").focus();
    anew = null;
  }
  form.addEventListener("htmx:configRequest", (event) => { if (event.target.id === "alike-show") event.detail.parameters = { of: drawn() }; });
  form.addEventListener("htmx:beforeSwap", (event) => { if (event.target.id === "alike-cards") event.target.dataset.had = cards().length; });
  form.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "alike-cards") return;
    cards()[Number(event.target.dataset.had)]?.querySelector("input[name=member]").focus();
    openAnew();
  });

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
    holdFocus();
    tell();
    show();
    count();
  }
  form.addEventListener("click", (event) => { const image = event.target.closest(".shot")?.querySelector("img"); if (image) look(image); });
  document.addEventListener("visibilitychange", () => {
    for (const timer of timers.values()) clearTimeout(timer);
    if (!document.hidden) for (const card of cards()) { const image = card.querySelector("img"); if (image && !seen.has(card.dataset.pk)) again(image); }
  });
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "htmx:wsAfterMessage"]) document.addEventListener(name, watch);
  watch();
})();

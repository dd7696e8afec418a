/* Owns the sockets' side of the page: hello and acks, no double rows, kept focus and tabs, the banner, the title's count. */
(() => {
  "use strict";
  const SIGNED_OUT = 4401, FORBIDDEN = 4403, MISSING = 4404;
  const RECONNECTS_BY_ITSELF = [1006, 1011, 1012, 1013];
  const banner = document.getElementById("connection-banner");
  const lost = new Map(); // socket element -> when it was lost
  const open = new Map(); // socket element -> its wrapper
  let over = ""; // why the page stays as it is
  let leaving = false;
  const root = document.documentElement.dataset.root; // where the console begins: "/", or the path that a proxy shows it under

  htmx.createWebSocket = (address) => {
    const at = new URL(address);
    at.pathname = root + at.pathname.replace("/ws" + root, "/ws/").slice(1);
    at.searchParams.set("lang", document.documentElement.lang); // what comes speaks as the page does
    return new WebSocket(at, []);
  };

  htmx.config.wsReconnectDelay = (tries) => Math.min(400 * 2 ** tries, 5000) * (0.5 + Math.random() / 2);

  function hello(element) {
    const have = {};
    for (const part of document.querySelectorAll("[data-v][id]")) have[part.id] = part.dataset.v;
    const message = { have };
    const timeline = element.dataset.timeline && document.getElementById(element.dataset.timeline);
    if (timeline) {
      const rows = timeline.querySelectorAll("[data-seq]");
      message.after = rows.length ? Number(rows[rows.length - 1].dataset.seq) : 0;
    }
    return JSON.stringify(message);
  }

  document.addEventListener("htmx:wsOpen", (event) => {
    const element = event.target;
    open.set(element, event.detail.socketWrapper);
    event.detail.socketWrapper.sendImmediately(hello(element));
    if (lost.delete(element) && !lost.size) back();
  });
  document.addEventListener("htmx:wsClose", (event) => {
    const element = event.target, code = event.detail.event.code;
    if (leaving) return;
    if (code === SIGNED_OUT) over = "signed-out";
    else if (code === FORBIDDEN || code === MISSING) over = over || "forbidden";
    else if (code < 4000 && !RECONNECTS_BY_ITSELF.includes(code)) setTimeout(() => event.detail.socketWrapper.reconnect(), 800 + Math.random() * 800);
    if (!lost.has(element)) lost.set(element, Date.now());
    open.delete(element);
    show();
  });
  document.addEventListener("htmx:wsError", (event) => event.preventDefault());
  document.addEventListener("console:woke", () => { for (const wrapper of open.values()) wrapper.send('{"ack": 0}'); });
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  function show() {
    if (!lost.size) return;
    banner.classList.remove("back");
    banner.hidden = false;
    if (over === "signed-out") {
      banner.replaceChildren(gettext("You are signed out. What is shown stays as it was.") + " ", link(root + "sign-in/?next=" + encodeURIComponent(location.pathname), gettext("Sign in again")));
    } else if (over) {
      banner.textContent = gettext("You may not watch this any more. What is shown stays as it was.");
    } else {
      const since = Math.min(...lost.values()), seconds = Math.floor((Date.now() - since) / 1000);
      banner.hidden = seconds < 1;
      const at = window.consoleClock ? consoleClock.clock(new Date(since)) : "";
      banner.textContent = interpolate(gettext("Connection lost at %(at)s, %(seconds)s s ago. What is shown may be old; it catches up by itself."), { at, seconds }, true);
    }
  }
  setInterval(show, 1000);
  function back() {
    if (over || banner.hidden) return;
    banner.classList.add("back");
    banner.textContent = gettext("Connected again; everything is up to date.");
    setTimeout(() => { if (!lost.size) banner.hidden = true; }, 3000);
  }
  function link(href, text) {
    const element = document.createElement("a");
    element.href = href;
    element.textContent = text;
    return element;
  }

  // Strips of tabs that scroll sideways show the chosen one, and stay where a finger has put them.
  const strips = () => [...document.querySelectorAll(".tabs")];
  for (const strip of strips()) {
    const chosen = strip.querySelector("[aria-current]");
    if (chosen) strip.scrollLeft = chosen.offsetLeft - strip.offsetLeft - (strip.clientWidth - chosen.offsetWidth) / 2;
  }
  let focused = "", rowsBefore = new Set(), scrolled = [];
  document.addEventListener("htmx:wsBeforeMessage", () => {
    const active = document.activeElement;
    focused = active && active !== document.body ? active.id : "";
    scrolled = strips().map((strip) => strip.scrollLeft);
    rowsBefore = new Set([...document.querySelectorAll(".row[id], .line[id]")].map((row) => row.id));
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    // A row that is here already is not added again.
    const added = event.detail.fragment;
    for (const row of added ? added.querySelectorAll(".line[id], .step[id]") : []) {
      const here = document.getElementById(row.id);
      if (here && !event.detail.target.id.startsWith(row.id)) row.remove();
    }
  });
  document.addEventListener("htmx:oobErrorNoTarget", (event) => event.stopImmediatePropagation());
  document.addEventListener("htmx:wsAfterMessage", (event) => {
    event.detail.socketWrapper.send('{"ack": 1}');
    const now = strips();
    if (now.length === scrolled.length) now.forEach((strip, at) => { if (strip.scrollLeft !== scrolled[at]) strip.scrollLeft = scrolled[at]; });
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
    for (const row of document.querySelectorAll(".row[id], .line[id]")) if (!rowsBefore.has(row.id)) row.classList.add("arrived");
    count();
  });

  let counted = null;
  function count() {
    const badge = document.getElementById("nav-counts");
    const number = badge ? Number(badge.dataset.count) : 0;
    document.title = (number ? `(${number}) ` : "") + document.title.replace(/^\(\d+\) /, "");
    if (counted !== null && number > counted) announce(interpolate(ngettext("%s more approval waiting", "%s more approvals waiting", number - counted), [number - counted]));
    counted = number;
  }
  function announce(text) {
    const place = document.getElementById("announcer");
    if (place) place.textContent = text;
  }
  count();

  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      const { xhr, elt } = event.detail, status = xhr ? xhr.status : 0, failure = status ? xhr.getResponseHeader("Failure-Id") : "";
      tell(elt, status === 412
        ? gettext("Nothing was done: somebody else is signed in in this browser now. Load the page anew to go on as them.")
        : failure
        ? interpolate(gettext("The console failed at this; its log says why, as failure %s. Look how it stands before you try again."), [failure])
        : status
          ? interpolate(gettext("The console answered with an error (%s). Look how it stands before you try again."), [status])
          : gettext("No answer came from the console, so it is not known whether this was taken. The state will tell once it is connected again."));
    });
  }
  // In the form of a decision, beside what was typed; else over the page, until something works or it is closed.
  function tell(element, sentence) {
    const said = document.createElement("p"), place = element.querySelector("#decide-result, #back-result");
    said.className = "notice bad";
    said.setAttribute("role", "alert");
    said.textContent = place ? `${sentence} ${gettext("Your note is kept.")}` : sentence;
    if (place) return place.replaceChildren(said);
    untell();
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "button small", textContent: gettext("Close") });
    close.addEventListener("click", untell);
    said.id = "told-now";
    said.append(" ", close);
    document.getElementById("announcer").after(said);
  }
  window.consoleTell = tell;
  function untell() { document.getElementById("told-now")?.remove(); }
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) untell(); });

  // The token of the moment: who signed in again in another tab can go on here, with what was typed.
  const token = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1] || "";
  window.consoleToken = token;
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get" || !token()) return;
    event.detail.headers["X-CSRFToken"] = token();
    event.detail.headers["Drawn-For"] = document.documentElement.dataset.person || "";
    const sent = event.detail.parameters;
    if (typeof sent.delete === "function") sent.delete("csrfmiddlewaretoken"); else delete sent.csrfmiddlewaretoken;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // A whole page where a part was asked for: the sign-in, or a refusal that is not about the decision.
    if (event.detail.xhr.status >= 500 || !/^\s*<!doctype/i.test(event.detail.xhr.responseText)) return;
    event.detail.shouldSwap = false;
    const isSignIn = new URL(event.detail.xhr.responseURL).pathname.startsWith(root + "sign-in/");
    tell(event.detail.requestConfig.elt, isSignIn
      ? gettext("Nothing was done: you are signed out. Sign in again in another tab, then press once more.")
      : interpolate(gettext("Nothing was done: the console refused it (%s), mostly because the session ended. Sign in again in another tab, then press once more."), [event.detail.xhr.status]));
  });

  document.addEventListener("submit", (event) => {
    // A double click starts one run. The server holds to it too, by the form's key.
    const form = event.target;
    if (!("once" in form.dataset)) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => { for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sent; });

  document.addEventListener("click", (event) => {
    const shot = event.target.closest("[data-zoom]"), dialog = document.getElementById("zoom");
    if (!shot || !dialog || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (dialog.open) return dialog.close();
    const copy = shot.closest("figure").cloneNode(true);
    for (const part of copy.querySelectorAll("[id]")) part.removeAttribute("id");
    dialog.querySelector("[data-zoomed]").replaceChildren(copy);
    dialog.showModal();
  });
})();

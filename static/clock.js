/* Owns times: ages, durations and what is left tick; clock times are shown in the reader's zone. */
(() => {
  "use strict";
  const told = document.querySelector('meta[name="server-now"]');
  // Compared when the page came, not when this runs: on a slow device that is later.
  const came = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart || performance.now());
  const skew = told ? Date.parse(told.content) - came : 0;
  const two = (n) => String(n).padStart(2, "0");

  function duration(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s >= 86400) return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
    if (s >= 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)} min`;
    if (s >= 60) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
    return `${s} s`;
  }
  function roughly(seconds) {
    const s = Math.floor(seconds);
    if (s >= 36000 && s < 86400) return `${Math.floor(s / 3600)} h`;
    return s >= 60 && s < 3600 ? `${Math.floor(s / 60)} min` : duration(s);
  }
  // What the server counts by day, as filters and figures, it then counts where times are shown.
  const root = document.documentElement.dataset.root || "/", here = new Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  document.cookie = `zone=${here}; path=${root}; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  // In the zone that its reader has chosen, else in the device's. Sweden writes 2026-11-26 18:05:09.
  const written = format("medium"), whole = format("long");
  function format(timeStyle) {
    const timeZone = document.documentElement.dataset.zone, like = { dateStyle: "short", timeStyle };
    try { return new Intl.DateTimeFormat("sv-SE", { ...like, timeZone }); } catch { return new Intl.DateTimeFormat("sv-SE", like); }
  }
  function stamp(date) { return written.format(date).replace(",", ""); }
  function clock(date) { return stamp(date).slice(-8); }

  function words(element, now) {
    const date = new Date(element.dateTime);
    const seconds = (now - date) / 1000;
    if ("age" in element.dataset) return seconds < 1 ? gettext("just now") : interpolate(gettext("%s ago"), [roughly(seconds)]);
    if ("since" in element.dataset) return duration(seconds);
    if ("left" in element.dataset) {
      element.classList.toggle("late", seconds > -60);
      element.classList.toggle("soon", seconds <= -60 && seconds > -300);
      return seconds >= 0 ? gettext("time is up") : seconds < -600 ? roughly(-seconds) : duration(-seconds);
    }
    if ("countdown" in element.dataset) return `${Math.max(0, Math.ceil(-seconds - 0.25))} s`;
    if ("moment" in element.dataset) return stamp(date).slice(0, 10) === stamp(now).slice(0, 10) ? clock(date) : stamp(date);
    return "stamp" in element.dataset ? stamp(date) : clock(date);
  }
  function tick() {
    const now = Date.now() + skew;
    for (const element of document.querySelectorAll("time[datetime]")) {
      const text = words(element, now);
      if (element.textContent !== text) element.textContent = text;
      if (element.title && !element.dataset.whole) element.title = element.dataset.whole = whole.format(new Date(element.dateTime)).replace(",", "");
    }
  }
  let last = Date.now();
  setInterval(() => {
    // A jump means that the machine slept: the sockets are asked whether they still live.
    if (Date.now() - last > 15000) document.dispatchEvent(new Event("console:woke"));
    last = Date.now();
    tick();
  }, 1000);
  for (const name of ["htmx:wsAfterMessage", "htmx:afterSettle", "htmx:oobAfterSwap", "htmx:afterSwap"]) document.addEventListener(name, tick);
  tick();
  window.consoleClock = { duration, clock, now: () => Date.now() + skew };
})();

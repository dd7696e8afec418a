/* Owns my settings: offers this device's zone, and subscribes this browser to Web Push or takes it back. */
(() => {
  "use strict";
  const zones = document.getElementById("id_time_zone"), offer = document.querySelector("[data-zone-offer]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (offer && zones.value !== here && [...zones.options].some((option) => option.value === here)) {
    offer.hidden = false;
    offer.querySelector("span").textContent = here.replaceAll("_", " ");
    offer.querySelector("button").addEventListener("click", () => { zones.value = here; offer.hidden = true; zones.focus(); });
  }

  const part = document.querySelector("[data-push]"), state = part.querySelector("[data-push-state]");
  const on = part.querySelector("[data-push-on]"), off = part.querySelector("[data-push-off]");
  const say = (text) => { state.textContent = text; };

  function bytes(text) {
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, (char) => char.charCodeAt(0));
  }
  function named() {
    const brand = (navigator.userAgentData?.brands || []).map((each) => each.brand).find((name) => !/not.?a.?brand|chromium/i.test(name));
    const browser = brand || (navigator.userAgent.match(/(Firefox|Edg|Chrome|Safari)\/\d+/) || ["", gettext("Browser")])[1];
    return `${browser}, ${navigator.userAgentData?.platform || navigator.platform || ""}`.replace(/, $/, "");
  }
  async function tell(said) {
    const answer = await fetch(part.dataset.subscribe, { method: "POST", body: JSON.stringify(said), headers: { "Content-Type": "application/json", "X-CSRFToken": consoleToken() } });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || gettext("The console did not take it."));
  }
  async function show() {
    if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return say(gettext("This browser does not take Web Push. On an iPhone, first add the console to the home screen."));
    if (!part.dataset.key) return say(gettext("The console has not made its keys yet; look again in a few seconds."));
    if (Notification.permission === "denied") return say(gettext("This browser is told to show no notifications of this site; change that in its settings."));
    const worker = await navigator.serviceWorker.ready, held = await worker.pushManager.getSubscription();
    on.hidden = Boolean(held);
    off.hidden = !held;
    say(held ? gettext("This device rings.") : gettext("This device does not ring."));
  }
  async function subscribe() {
    if (await Notification.requestPermission() !== "granted") return show();
    const worker = await navigator.serviceWorker.ready;
    const held = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(part.dataset.key) });
    try {
      await tell({ ...held.toJSON(), name: named() });
    } catch (problem) {
      await held.unsubscribe();
      throw problem;
    }
    location.reload();
  }
  async function unsubscribe() {
    const worker = await navigator.serviceWorker.ready, held = await worker.pushManager.getSubscription();
    if (held) {
      await tell({ endpoint: held.endpoint, gone: true });
      await held.unsubscribe();
    }
    location.reload();
  }
  const tried = (act) => async () => {
    try { await act(); } catch (problem) { say(problem.message); }
  };
  on.addEventListener("click", tried(subscribe));
  off.addEventListener("click", tried(unsubscribe));
  tried(show)();
})();

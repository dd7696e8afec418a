/* Owns the registration of the service worker, which makes the console installable and lets it ring. */
(() => {
  "use strict";
  if (!("serviceWorker" in navigator)) return;
  const root = document.documentElement.dataset.root;
  window.addEventListener("load", () => { navigator.serviceWorker.register(`${root}worker.js`, { scope: root }).catch(() => { /* without it, everything but ringing and the offline page works */ }); });
})();

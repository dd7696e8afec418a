/* Owns the service worker: notices that ring with the tab closed, and an honest page while offline. Keeps no data. */
/* Served by coasty_console.installed with TEXTS before it: {version, keep: [addresses], languages: {code: words}}. */
"use strict";
const ROOT = new URL(self.registration.scope).pathname;
const KEPT = `offline-${TEXTS.version}`;
const words = () => TEXTS.languages[(self.navigator.language || "en").slice(0, 2)] || TEXTS.languages.en;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((cache) => Promise.all(TEXTS.keep.map((address) => cache.add(new Request(address, { cache: "reload", credentials: "omit" }))))));
});
self.addEventListener("activate", (event) => {
  const old = async () => { for (const name of await caches.keys()) if (name.startsWith("offline-") && name !== KEPT) await caches.delete(name); };
  event.waitUntil(Promise.all([old(), self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event, path = new URL(request.url).pathname;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => offline(request)));
  else if (!self.navigator.onLine && TEXTS.keep.includes(path)) event.respondWith(fetch(request).catch(() => caches.match(path)));
});
async function offline(request) {
  // What was sent and not answered may have arrived: only without a network is it certain that it has not.
  const kept = await caches.match(request.method === "GET" || !self.navigator.onLine ? TEXTS.keep[0] : TEXTS.keep[1]);
  return kept || Response.error();
}

self.addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch { /* a message that can't be read still says that something waits */ }
  event.waitUntil(show(said));
});
async function show(said) {
  const tag = said.run !== undefined ? `run-${said.run}` : said.id ? `approval-${said.id}` : "queue";
  const settled = said.event === "settled";
  const text = words(), title = text.titles[said.event] || text.titles.opened;
  await self.registration.showNotification(title.replace("%s", said.id || ""), {
    tag,
    body: text.waiting.replace("%s", said.waiting ?? "?"),
    icon: `${ROOT}icon/192.png`,
    badge: `${ROOT}icon/192.png`,
    silent: settled,
    renotify: !settled,
    data: { path: path(said) },
  });
  if (!settled) return;
  // It rang for something that needs nobody any more: take it away, and the sum of many when nothing waits.
  for (const each of await self.registration.getNotifications()) {
    if (each.tag === tag || (each.tag === "queue" && !said.waiting)) each.close();
  }
}

function path(said) {
  if (said.event === "test") return "settings/";
  if (said.run !== undefined) return said.run ? `runs/${encodeURIComponent(said.run)}/` : "runs/?trouble=burning";
  return said.id ? `approvals/${said.id}/` : "approvals/";
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(ROOT + ((event.notification.data || {}).path || "approvals/")));
});
async function open(path) {
  for (const page of await self.clients.matchAll({ type: "window" })) {
    if (new URL(page.url).pathname === path) return page.focus();
  }
  return self.clients.openWindow(path);
}

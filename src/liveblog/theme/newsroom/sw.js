// The composer's service worker: opens the composer without a network. It caches the page with
// nobody signed in, the scripts, style and icons; never an API response or a signed-in page.

const NAME = `liveblog ${SHELL.start} ${SHELL.version}`;

self.addEventListener("install", (event) => {
  const all = [SHELL.page, ...SHELL.files].map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(
    caches.open(NAME).then((cache) => cache.addAll(all)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const isOld = (name) => name.startsWith(`liveblog ${SHELL.start} `) && name !== NAME;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === SHELL.start) {
    event.respondWith(fetch(request).catch(() => cached(SHELL.page)));
  } else if (SHELL.files.includes(pathname)) {
    event.respondWith(cached(pathname).then((found) => found ?? fetch(request)));
  }
});

async function cached(url) {
  return (await caches.open(NAME)).match(url);
}

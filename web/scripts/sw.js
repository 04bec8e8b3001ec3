// The service worker: the app's own files from the cache, everything that moves from the network, and push messages.
const SHELL = __SHELL__
const CACHE = 'shell-__BUILD__'

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n !== CACHE).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname.startsWith('/assets/')) return event.respondWith(fromCache(event.request))
  // Pages: the network first, so that a new build is seen; the kept shell when there is none.
  // The console and the provider's pages have their own documents.
  if (event.request.mode === 'navigate' && !/^\/(console|pay|v1|s)(\/|$)/.test(url.pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match('/', { cacheName: CACHE })))
  }
})

async function fromCache(request) {
  const cache = await caches.open(CACHE)
  const held = await cache.match(request)
  if (held) return held
  const answer = await fetch(request)
  if (answer.ok) await cache.put(request, answer.clone())
  return answer
}

self.addEventListener('push', (event) => {
  let notice = {}
  try {
    notice = event.data ? event.data.json() : {}
  } catch {
    notice = { title: event.data.text() }
  }
  event.waitUntil(
    self.registration.showNotification(notice.title || 'Openstall', {
      body: notice.body || '',
      tag: notice.tag || notice.url,
      lang: notice.lang,
      icon: '/mark.svg',
      data: { url: notice.url || '/' },
    }),
  )
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const url = new URL(event.notification.data.url, location.origin)
  if (url.origin !== location.origin) return
  event.waitUntil(
    self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then((windows) => {
      const open = windows.find((w) => new URL(w.url).pathname === url.pathname)
      return open ? open.focus() : self.clients.openWindow(url.href)
    }),
  )
})

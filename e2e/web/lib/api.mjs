import { randomUUID } from 'node:crypto'

/** A person at the API, with cookies of their own. Calls return {status, body, headers}; `ok` ones return the body or throw. */
export class Person {
  #cookies = new Map()

  constructor(server) {
    this.server = server
  }

  async call(method, path, { body, headers = {}, key, raw } = {}) {
    const h = { ...headers }
    if (this.#cookies.size) h.Cookie = [...this.#cookies].map(([k, v]) => `${k}=${v}`).join('; ')
    if (body !== undefined && !(body instanceof FormData)) h['Content-Type'] = 'application/json'
    if (key) h['Idempotency-Key'] = key
    const res = await fetch(this.server.origin + path, { method, headers: h, redirect: 'manual', body: raw ?? (body instanceof FormData ? body : body === undefined ? undefined : JSON.stringify(body)) })
    for (const c of res.headers.getSetCookie()) {
      const [, k, v] = /^([^=]+)=([^;]*)/.exec(c)
      if (v) this.#cookies.set(k, v)
      else this.#cookies.delete(k)
    }
    const text = await res.text()
    let parsed = text
    const type = res.headers.get('Content-Type') ?? ''
    if (/json/.test(type)) parsed = JSON.parse(text)
    const faults = this.server.document.faults(method, path.split('?')[0], res.status, type, parsed)
    if (faults.length) throw new Error(`the answer is not what the document says:\n${faults.join('\n')}`)
    return { status: res.status, body: parsed, headers: res.headers }
  }

  async #ok(method, path, options) {
    const a = await this.call(method, path, options)
    if (a.status >= 400) throw new Error(`${method} ${path} answered ${a.status}: ${JSON.stringify(a.body)}`)
    return a.body
  }
  get = (path) => this.#ok('GET', path)
  post = (path, body = {}) => this.#ok('POST', path, { body })
  put = (path, body) => this.#ok('PUT', path, { body })
  patch = (path, body) => this.#ok('PATCH', path, { body })
  write = (path, body, key = randomUUID()) => this.#ok('POST', path, { body, key })

  /** Takes the session of another person, who may have signed in at another process. */
  become(other) {
    this.#cookies = new Map(other.#cookies)
  }

  /** The cookies in Playwright's form, so that a browser can go on as this person. */
  cookies() {
    return [...this.#cookies].map(([name, value]) => ({ name, value, url: this.server.origin }))
  }

  async signIn(name, to = `${name.toLowerCase()}-${randomUUID().slice(0, 8)}@example.org`) {
    await this.get('/v1/session')
    await this.post('/v1/auth/codes', { to })
    await this.post('/v1/auth/codes/verify', { to, code: await this.server.code(to), name })
    this.address = to
    return this
  }

  /** Asks for a price of one SKU. */
  quote(sku, quantity, more = {}) {
    return this.post('/v1/quotes', { items: [{ sku, quantity }], ...more })
  }

  /** What `POST /v1/orders` takes for a quote: everything required is agreed to. */
  orderOf(quote, payment = 'test') {
    return { quote: quote.id, hash: quote.hash, payment, contact: { name: 'Rosa' }, consents: quote.terms.filter((x) => x.required).map((x) => x.id) }
  }

  /** Takes a choice on the test provider's page of an order. */
  async payAt(payURL, choice) {
    const to = await this.call('GET', payURL)
    const page = new URL(to.headers.get('Location'), this.server.origin).pathname
    return this.call('POST', page, { raw: new URLSearchParams({ choice }) })
  }
}

/** A shop with goods, made by its owner through the API: fish by weight and oysters by piece. */
export async function openStall(server, { name = 'Nell', fish = {}, piece = {} } = {}) {
  const owner = await new Person(server).signIn(name)
  const shop = await owner.post('/v1/merchant/shops', { name: { en: "Marlow's Fish", zh: '阿珍水产' }, pack: 'fish', stall: '12' })
  const base = `/v1/merchant/shops/${shop.id}`
  await owner.patch(base, { licence: { legal_name: 'Nell Marlow Fishmonger', number: 'F-77', address: 'Hall 2', contact: 'nell@example.org' } })
  // Room for every story's orders in one pickup time.
  const { pickup, parcel } = await owner.get(`${base}/fulfilment`)
  await owner.put(`${base}/fulfilment`, { parcel, pickup: { ...pickup, days: pickup.days.map((d) => ({ ...d, capacity: 10_000 })) } })
  const fields = { species: 'Scomber scombrus', production: 'wild', origin: 'North Sea', allergens: 'fish' }
  const mackerel = await owner.post(`${base}/products`, { title: { en: 'Mackerel', zh: '鲭鱼' }, measure: 'weight', state: 'live', fields, skus: [{ price_minor: 1250, stock: 40_000, ...fish }] })
  const oyster = await owner.post(`${base}/products`, { title: { en: 'Oyster', zh: '生蚝' }, measure: 'piece', state: 'live', fields, skus: [{ price_minor: 300, stock: 50, ...piece }] })
  return { owner, shop, base, mackerel, oyster }
}

/** A show of that stall with both goods in its bag: no. 1 fish, no. 2 oysters. */
export async function planShow({ owner, base, mackerel, oyster }) {
  const { key } = await owner.post(`${base}/stream-key/rotate`)
  const show = await owner.post(`${base}/shows`, { title: { en: 'Evening landing', zh: '傍晚到港' }, host_name: 'Nell' })
  const path = `${base}/shows/${show.id}`
  await owner.put(`${path}/bag`, { items: [{ number: 1, product: mackerel.id }, { number: 2, product: oyster.id }] })
  return { id: show.id, path, key }
}

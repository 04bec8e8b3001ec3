import { KeyRing } from './keys'
import type { Problem } from './types'

/** The server answered with a problem document. `code` is stable, `detail` is in the reader's language. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string
  readonly detail: string
  readonly fields: { location: string; message: string }[]

  constructor(p: Problem) {
    super(p.detail || p.title || `HTTP ${p.status}`)
    this.name = 'ApiError'
    this.status = p.status
    this.code = p.code ?? ''
    this.requestId = p.request_id ?? ''
    this.detail = p.detail || p.title || ''
    this.fields = (p.errors ?? []).map((e) => ({ location: e.location ?? '', message: e.message }))
  }
}

/** No answer arrived. The request may or may not have been done; a keyed write can be repeated safely. */
export class OfflineError extends Error {
  constructor() {
    super('no answer from the server')
    this.name = 'OfflineError'
  }
}

export type Query = Record<string, string | number | boolean | undefined>
/** `csv` is a table instead of a JSON body. */
export type CallOptions = { query?: Query; body?: unknown; csv?: File; keyed?: boolean; signal?: AbortSignal }
export type ClientOptions = {
  base?: string
  /** The reader's language, sent as Accept-Language. */
  locale?: () => string
  fetch?: typeof fetch
  keys?: KeyRing
}

/** Speaks JSON to `/v1`: keys kept across repeats, problem documents as errors. */
export class Client {
  private readonly base: string
  private readonly locale: () => string
  private readonly fetch: typeof fetch
  private readonly keys: KeyRing

  constructor(options: ClientOptions = {}) {
    this.base = options.base ?? '/v1'
    this.locale = options.locale ?? (() => document.documentElement.lang || 'en')
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.keys = options.keys ?? new KeyRing()
  }

  get<T>(path: string, query?: Query, signal?: AbortSignal) {
    return this.call<T>('GET', path, { query, signal })
  }
  post<T>(path: string, body?: unknown) {
    return this.call<T>('POST', path, { body })
  }
  /** A write of money or stock: it carries an Idempotency-Key that survives repeats. */
  write<T>(path: string, body?: unknown) {
    return this.call<T>('POST', path, { body, keyed: true })
  }
  put<T>(path: string, body?: unknown) {
    return this.call<T>('PUT', path, { body })
  }
  patch<T>(path: string, body?: unknown) {
    return this.call<T>('PATCH', path, { body })
  }
  delete<T>(path: string) {
    return this.call<T>('DELETE', path)
  }

  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': this.locale() }
    const form = options.body instanceof FormData
    if (options.body !== undefined && !form) headers['Content-Type'] = 'application/json'
    if (options.csv) headers['Content-Type'] = 'text/csv'
    const action = `${method} ${path}`
    if (options.keyed) headers['Idempotency-Key'] = this.keys.keyFor(action, options.csv ? [options.csv.name, options.csv.size, options.csv.lastModified] : options.body)

    let response: Response
    try {
      response = await this.fetch(this.base + path + queryString(options.query), {
        method,
        headers,
        credentials: 'same-origin',
        signal: options.signal,
        body: options.csv ?? (form ? (options.body as FormData) : options.body === undefined ? undefined : JSON.stringify(options.body)),
      })
    } catch (err) {
      if (options.signal?.aborted) throw err
      throw new OfflineError()
    }
    if (options.keyed && settled(response.status)) this.keys.settle(action)
    if (!response.ok) throw new ApiError(await readProblem(response))
    if (response.status === 204) return undefined as T
    const text = await response.text()
    return (text ? JSON.parse(text) : undefined) as T
  }
}

/** A server error leaves open whether the write was done; everything else is an answer for good. */
function settled(status: number): boolean {
  return status < 500 && status !== 408 && status !== 425 && status !== 429
}

function queryString(query?: Query): string {
  if (!query) return ''
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value))
  }
  const text = params.toString()
  return text ? `?${text}` : ''
}

async function readProblem(response: Response): Promise<Problem> {
  const requestId = response.headers.get('X-Request-Id') ?? undefined
  try {
    const body = (await response.json()) as Problem
    return { request_id: requestId, ...body, status: response.status }
  } catch {
    return { status: response.status, request_id: requestId }
  }
}

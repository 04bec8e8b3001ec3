import { ApiError, OfflineError, type Problem } from '@openstall/api'

/** How much of a file is sent in one request: a lost line costs this much at most behind a proxy that holds requests back. */
export const CHUNK = 4 << 20

export type Reply = { status: number; header: (name: string) => string | null; text: string }
export type Request = { method: string; url: string; headers: Record<string, string>; body?: Blob; onProgress?: (sent: number) => void; signal: AbortSignal }
/** Sends one request. A line that is lost rejects with OfflineError, an abort with the reason of the signal. */
export type Send = (r: Request) => Promise<Reply>

export type UploadOptions = {
  /** Where an upload that was begun earlier goes on. */
  url?: string
  onCreated: (url: string) => void
  onProgress: (sent: number) => void
  /** Called before each wait for a line that is gone. */
  onLost: () => void
  signal: AbortSignal
  send?: Send
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** How long to wait before the next try, in milliseconds. */
export const lostDelay = (attempt: number) => Math.min(10_000, 500 * 2 ** Math.min(attempt, 5))

/** Sends a file by tus 1.0.0 (core and creation), over as many lost lines as there are. Returns the id of the upload. */
export async function sendFile(file: File, o: UploadOptions): Promise<string> {
  const send = o.send ?? sendByXhr
  const wait = o.wait ?? waitForLine
  let url = o.url
  let offset: number | undefined
  for (let attempt = 0; ; ) {
    try {
      if (!url) {
        url = await create(file, send, o.signal)
        offset = 0
        o.onCreated(url)
      }
      offset ??= await askOffset(url, send, o.signal)
      o.onProgress(offset)
      while (offset < file.size) {
        offset = await append(url, file, offset, send, o)
        attempt = 0
      }
      return url.slice(url.lastIndexOf('/') + 1)
    } catch (e) {
      o.signal.throwIfAborted()
      offset = undefined
      if (e instanceof ApiError && (e.status === 404 || e.status === 410) && url) url = undefined
      else if (e instanceof ApiError && !passes(e)) throw e
      else if (!(e instanceof ApiError) && !(e instanceof OfflineError)) throw e
      o.onLost()
      await wait(lostDelay(attempt++), o.signal)
    }
  }
}

/** Whether trying again can help: the offset has moved, or the server is away; a full disk is said at once. */
const passes = (e: ApiError) => e.status === 409 || e.status === 423 || e.status === 408 || (e.status >= 500 && e.code !== 'upload.no_room')

const TUS = { 'Tus-Resumable': '1.0.0' }
const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

async function create(file: File, send: Send, signal: AbortSignal): Promise<string> {
  const meta = [`filename ${base64(file.name)}`, ...(file.type ? [`filetype ${base64(file.type)}`] : [])].join(',')
  const r = ok(await send({ method: 'POST', url: '/v1/uploads', headers: { ...TUS, 'Upload-Length': String(file.size), 'Upload-Metadata': meta }, signal }))
  // The address is the server's; behind a proxy only its path is ours.
  return new URL(r.header('Location') ?? '', location.origin).pathname
}

async function askOffset(url: string, send: Send, signal: AbortSignal): Promise<number> {
  return offsetOf(ok(await send({ method: 'HEAD', url, headers: TUS, signal })))
}

async function append(url: string, file: File, offset: number, send: Send, o: UploadOptions): Promise<number> {
  const body = file.slice(offset, offset + CHUNK)
  const headers = { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) }
  const r = ok(await send({ method: 'PATCH', url, headers, body, onProgress: (sent) => o.onProgress(offset + sent), signal: o.signal }))
  const now = offsetOf(r)
  o.onProgress(now)
  return now
}

function offsetOf(r: Reply): number {
  const n = Number(r.header('Upload-Offset') ?? NaN)
  if (!Number.isSafeInteger(n) || n < 0) throw new ApiError({ status: 502 })
  return n
}

function ok(r: Reply): Reply {
  if (r.status >= 200 && r.status < 300) return r
  let body: Partial<Problem> = {}
  try {
    body = JSON.parse(r.text) as Partial<Problem>
  } catch {
    // The answer to HEAD, and a proxy's, has no problem document.
  }
  throw new ApiError({ request_id: r.header('X-Request-Id') ?? undefined, ...body, status: r.status })
}

/** XMLHttpRequest, because fetch does not tell how much of a body has been sent. */
export const sendByXhr: Send = (r) =>
  new Promise((done, fail) => {
    const x = new XMLHttpRequest()
    const abort = () => x.abort()
    x.open(r.method, r.url)
    for (const [k, v] of Object.entries(r.headers)) x.setRequestHeader(k, v)
    x.upload.onprogress = (e) => r.onProgress?.(e.loaded)
    x.onload = () => done({ status: x.status, header: (n) => x.getResponseHeader(n), text: x.responseText })
    x.onerror = () => fail(new OfflineError())
    x.onabort = () => fail(r.signal.reason)
    x.onloadend = () => r.signal.removeEventListener('abort', abort)
    r.signal.addEventListener('abort', abort)
    x.send(r.body)
  })

/** Waits, or until the device says that it has a line again. */
function waitForLine(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      signal.removeEventListener('abort', end)
      if (signal.aborted) fail(signal.reason)
      else done()
    }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
    signal.addEventListener('abort', end)
  })
}

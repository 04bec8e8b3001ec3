import { computed, onScopeDispose, ref } from 'vue'
import { sendFile } from '@openstall/selling'

/** An upload that was begun on this device: where it goes on, and by what to know its file again. */
export type Begun = { url: string; name: string; size: number; modified: number }
export type UploadState = 'none' | 'sending' | 'lost' | 'paused' | 'failed' | 'done'

const sameFile = (b: Begun, f: File) => b.name === f.name && b.size === f.size && b.modified === f.lastModified

/** One file on its way to the server. It goes on after a lost line, a pause, and a reload when the same file is chosen again. */
export function useUpload(shop: string) {
  const key = `os.upload.${shop}`
  const state = ref<UploadState>('none')
  const sent = ref(0)
  const file = ref<File>()
  const error = ref<unknown>()
  const begun = ref<Begun | undefined>(read())
  const percent = computed(() => (file.value?.size ? Math.floor((100 * sent.value) / file.value.size) : 0))
  let stop = new AbortController()
  /** Settled by the end of this attempt: the id of the upload, or why there is none. */
  let end: { promise: Promise<string>; resolve: (id: string) => void; reject: (why: unknown) => void } | undefined
  let settled = true

  function read(): Begun | undefined {
    try {
      return (JSON.parse(localStorage.getItem(key) ?? 'null') as Begun | null) ?? undefined
    } catch {
      return undefined
    }
  }
  function keep(b: Begun | undefined) {
    begun.value = b
    if (b) localStorage.setItem(key, JSON.stringify(b))
    else localStorage.removeItem(key)
  }

  /** Takes a file and begins to send it; the same file as in an unfinished upload goes on with that one. */
  function take(f: File) {
    file.value = f
    sent.value = 0
    if (begun.value && !sameFile(begun.value, f)) void forget()
    return run()
  }
  /** A pause keeps who waits for the end waiting. */
  function renew() {
    if (!settled) return
    settled = false
    let resolve!: (id: string) => void, reject!: (why: unknown) => void
    const promise = new Promise<string>((yes, no) => ((resolve = yes), (reject = no)))
    promise.catch(() => {}).finally(() => (settled = true))
    end = { promise, resolve, reject }
  }
  async function run() {
    const f = file.value
    if (!f || state.value === 'sending') return
    stop = new AbortController()
    const mine = stop
    state.value = 'sending'
    error.value = undefined
    renew()
    try {
      const id = await sendFile(f, {
        url: begun.value?.url,
        signal: mine.signal,
        onCreated: (url) => keep({ url, name: f.name, size: f.size, modified: f.lastModified }),
        onProgress: (n) => {
          sent.value = n
          if (state.value === 'lost') state.value = 'sending'
        },
        onLost: () => (state.value = 'lost'),
      })
      state.value = 'done'
      end?.resolve(id)
    } catch (e) {
      if (mine.signal.aborted) return
      state.value = 'failed'
      error.value = e
      end?.reject(e)
    }
  }
  function pause() {
    state.value = 'paused'
    stop.abort()
  }
  /** Deletes what has arrived; without a line it runs out by itself. */
  async function forget() {
    const b = begun.value
    keep(undefined)
    if (!b) return
    const gone = { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' }, credentials: 'same-origin' } as const
    await fetch(b.url, gone).catch(() => undefined)
  }
  async function drop() {
    state.value = 'none'
    stop.abort()
    end?.reject(new DOMException('dropped', 'AbortError'))
    file.value = undefined
    sent.value = 0
    await forget()
  }
  onScopeDispose(() => stop.abort())
  return { state, sent, percent, file, error, begun, take, pause, resume: run, drop, whole: () => end!.promise, posted: () => keep(undefined) }
}

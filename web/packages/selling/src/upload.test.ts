import { ApiError, OfflineError } from '@openstall/api'
import { expect, it } from 'vitest'
import { CHUNK, lostDelay, sendFile, type Send } from './upload'

const film = (size: number) => new File([new Uint8Array(size)], '鱼.mp4', { type: 'video/mp4' })

/** A server that keeps what arrives; `trouble` may answer for it. */
function server(trouble: (method: string, n: number) => number | 'line' | undefined = () => undefined) {
  const s = { got: 0, made: 0, calls: [] as string[] }
  const send: Send = async (r) => {
    s.calls.push(r.method)
    const wrong = trouble(r.method, s.calls.filter((c) => c === r.method).length)
    if (wrong === 'line') {
      if (r.body) s.got += Math.floor(r.body.size / 2)
      throw new OfflineError()
    }
    const answer = (status: number, headers: Record<string, string> = {}) => ({ status, header: (n: string) => headers[n] ?? null, text: '' })
    if (wrong) return answer(wrong)
    if (r.method === 'POST') {
      s.got = 0
      return answer(201, { Location: `/v1/uploads/upl_${++s.made}` })
    }
    if (r.method === 'PATCH') {
      if (Number(r.headers['Upload-Offset']) !== s.got) return answer(409)
      s.got += r.body!.size
    }
    return answer(r.method === 'HEAD' ? 200 : 204, { 'Upload-Offset': String(s.got) })
  }
  return { s, send }
}
function options(send: Send, url?: string) {
  const told = { urls: [] as string[], sent: 0, lost: 0 }
  return { told, o: { url, send, wait: async () => {}, signal: new AbortController().signal, onCreated: (u: string) => told.urls.push(u), onProgress: (n: number) => (told.sent = n), onLost: () => told.lost++ } }
}

it('sends a large file in pieces', async () => {
  const { s, send } = server()
  const { told, o } = options(send)
  expect(await sendFile(film(2 * CHUNK + 5), o)).toBe('upl_1')
  expect(s.calls).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH'])
  expect(s.got).toBe(2 * CHUNK + 5)
  expect(told).toEqual({ urls: ['/v1/uploads/upl_1'], sent: 2 * CHUNK + 5, lost: 0 })
})

it('goes on where the line was lost, asking first what has arrived', async () => {
  const { s, send } = server((m, n) => (m === 'PATCH' && n === 2 ? 'line' : undefined))
  const { told, o } = options(send)
  await sendFile(film(2 * CHUNK), o)
  expect(s.calls).toEqual(['POST', 'PATCH', 'PATCH', 'HEAD', 'PATCH'])
  expect(s.got).toBe(2 * CHUNK)
  expect(told.lost).toBe(1)
})

it('goes on with an upload of an earlier visit', async () => {
  const { s, send } = server()
  s.got = 40
  await sendFile(film(100), options(send, '/v1/uploads/upl_9').o)
  expect(s.calls).toEqual(['HEAD', 'PATCH'])
  expect(s.got).toBe(100)
})

it('begins anew when the earlier upload is over', async () => {
  const { s, send } = server((m) => (m === 'HEAD' ? 404 : undefined))
  expect(await sendFile(film(100), options(send, '/v1/uploads/upl_9').o)).toBe('upl_1')
  expect(s.got).toBe(100)
})

it('outlives a server that is away for a while', async () => {
  const { s, send } = server((m, n) => (m === 'POST' && n < 4 ? 503 : undefined))
  await sendFile(film(10), options(send).o)
  expect(s.got).toBe(10)
})

it('gives up when it is told that the file is not wanted', async () => {
  const { send } = server(() => 413)
  await expect(sendFile(film(10), options(send).o)).rejects.toThrowError(ApiError)
})

it('stops when it is told to', async () => {
  const stop = new AbortController()
  const { o } = options(async () => {
    stop.abort()
    throw new OfflineError()
  })
  await expect(sendFile(film(10), { ...o, signal: stop.signal })).rejects.toThrow('abort')
})

it('tries again soon, and never waits longer than ten seconds', () => {
  expect([0, 1, 2, 9].map(lostDelay)).toEqual([500, 1000, 2000, 10_000])
})

// Answers the contract from memory, for looking at pages without the binary. Never part of a build.
// ART is a folder of SVG pictures; LIVE a folder with an HLS playlist.
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'
import { WebSocketServer } from 'ws'
import * as data from './data.mjs'

const art = process.env.ART ?? '.'
const live = process.env.LIVE ?? '.'
const types = { svg: 'image/svg+xml', png: 'image/png', m3u8: 'application/vnd.apple.mpegurl', mp4: 'video/mp4', m4s: 'video/iso.segment', ts: 'video/mp2t', jpg: 'image/jpeg' }

const server = createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x')
  const body = await new Promise((done) => {
    const parts = []
    req.on('data', (p) => parts.push(p)).on('end', () => done(Buffer.concat(parts)))
  })
  const file = (dir, name) => {
    const path = join(dir, normalize('/' + name))
    if (!existsSync(path)) return res.writeHead(404).end()
    res.writeHead(200, { 'Content-Type': types[path.split('.').at(-1)] ?? 'application/octet-stream' })
    createReadStream(path).pipe(res)
  }
  const p = url.pathname
  if (p.startsWith('/img/')) return file(art, p.slice(5))
  if (p.startsWith('/poster/')) return file(art, p.includes('.svg') ? p.slice(8).replace('.jpg', '') : 'stall.svg')
  if (p.startsWith('/live/') || p.startsWith('/replay/')) return file(live, p.split('/').slice(3).join('/'))
  if (p.startsWith('/whip/')) return res.writeHead(404).end()
  let json
  try {
    json = body.length && req.headers['content-type']?.includes('json') ? JSON.parse(body) : {}
  } catch {
    json = {}
  }
  const answer = data.answer(req.method, p.replace(/^\/v1/, ''), json, url.searchParams)
  const [status, value] = Array.isArray(answer) ? answer : answer === undefined ? [404, { status: 404, code: 'not_found', detail: 'Nothing here.', request_id: 'req_dev0001' }] : [200, answer]
  res.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json' })
  res.end(value === null ? '' : JSON.stringify(value))
})

// The little of the centrifuge JSON protocol that a room needs.
new WebSocketServer({ server, path: '/v1/socket' }).on('connection', (ws) => {
  ws.on('message', (raw) => {
    for (const line of String(raw).split('\n').filter(Boolean)) {
      const cmd = JSON.parse(line)
      if (cmd.connect) ws.send(JSON.stringify({ id: cmd.id, connect: { client: 'dev', version: '0', ping: 25, pong: true } }))
      else if (cmd.subscribe) {
        const [kind, show] = cmd.subscribe.channel.split(':')
        ws.send(JSON.stringify({ id: cmd.id, subscribe: { data: kind === 'room' ? data.opening(show) : undefined } }))
      } else if (cmd.rpc) ws.send(JSON.stringify({ id: cmd.id, rpc: { data: {} } }))
    }
  })
})

server.listen(Number(process.env.PORT ?? 8080))

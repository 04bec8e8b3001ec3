// Writes name.br and name.gz beside every text file of the build, once, at the
// highest level, so that the server never compresses.
import { readdirSync, readFileSync, writeFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync, constants } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url).pathname
for (const name of readdirSync(dist, { recursive: true })) {
  const path = join(dist, String(name))
  if (!/\.(js|css|html|svg|json|webmanifest)$/.test(path) || statSync(path).size < 1024) continue
  const raw = readFileSync(path)
  const size = { [constants.BROTLI_PARAM_SIZE_HINT]: raw.length, [constants.BROTLI_PARAM_QUALITY]: 11 }
  writeFileSync(path + '.br', brotliCompressSync(raw, { params: size }))
  writeFileSync(path + '.gz', gzipSync(raw, { level: 9 }))
}

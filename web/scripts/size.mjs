// Measures what the room needs before the player, as gzip bytes, and fails above the budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = 110_000
const dist = new URL('../dist/shop/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

/** Adds a chunk with its styles, its pictures and everything it imports at once. */
function collect(key, into) {
  const chunk = manifest[key]
  if (!chunk || into.has(chunk.file)) return into
  into.add(chunk.file)
  for (const file of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) into.add(file)
  for (const next of chunk.imports ?? []) collect(next, into)
  return into
}

function total(language) {
  const files = new Set()
  for (const key of ['index.html', 'src/features/room/RoomPage.vue', `src/locales/${language}.ts`]) collect(key, files)
  const sizes = [...files].map((file) => [file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length])
  sizes.push(['index.html', gzipSync(readFileSync(new URL('index.html', dist)), { level: 9 }).length])
  return sizes.sort((a, b) => b[1] - a[1])
}

let failed = false
for (const language of ['en', 'zh']) {
  const sizes = total(language)
  const sum = sizes.reduce((n, [, size]) => n + size, 0)
  console.log(`room, ${language}: ${(sum / 1000).toFixed(1)} kB gzip of ${BUDGET / 1000} kB`)
  if (language === 'en' || sum > BUDGET) for (const [file, size] of sizes) console.log(`  ${(size / 1000).toFixed(1).padStart(6)}  ${file}`)
  failed ||= sum > BUDGET
}
process.exitCode = failed ? 1 : 0

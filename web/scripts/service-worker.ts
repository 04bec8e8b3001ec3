import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

/** Writes `sw.js` with the names of this build's files in it, so that a new build is a new service worker. */
export function serviceWorker(): Plugin {
  return {
    name: 'openstall-service-worker',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle)
      // The entry and what it imports at once; pages come into the cache when they are first opened.
      const entry = files.find((f) => f.type === 'chunk' && f.isEntry)
      const shell = new Set<string>(['/'])
      if (entry?.type === 'chunk') for (const name of [entry.fileName, ...entry.imports]) shell.add('/' + name)
      for (const f of files) if (/\.(css|svg)$/.test(f.fileName) && /index|icons/.test(f.fileName)) shell.add('/' + f.fileName)
      const list = JSON.stringify([...shell])
      const build = createHash('sha256').update(Object.keys(bundle).sort().join()).digest('hex').slice(0, 12)
      const source = readFileSync(fileURLToPath(new URL('./sw.js', import.meta.url)), 'utf8')
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: source.replace('__SHELL__', list).replace('__BUILD__', build) })
    },
  }
}

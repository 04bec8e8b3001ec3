import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else for (const [k, v] of flat(value, `${prefix}${key}.`)) all.set(k, v)
  }
  return all
}
function filesIn(dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? filesIn(join(dir, e.name)) : [join(dir, e.name)]))
}
function words(app: string, language: 'en' | 'zh'): Map<string, string> {
  const all = new Map<string, string>()
  for (const file of [...filesIn(`apps/${app}/src`), ...filesIn('packages')].filter((f) => f.endsWith(`locales/${language}.json`))) {
    for (const [k, v] of flat(JSON.parse(readFileSync(join(root, file), 'utf8')) as Tree)) all.set(k, v)
  }
  return all
}
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

/** Keys and beginnings of keys that the source asks for: `t('a.b')`, `` t(`a.b_${x}`) ``, and keys kept in plain strings. */
function asked(app: string, known: Iterable<string>) {
  const source = [...filesIn(`apps/${app}/src`), ...filesIn('packages')]
    .filter((f) => /\.(vue|ts)$/.test(f) && !/\.test\.ts$|locales/.test(f))
    .map((f) => readFileSync(join(root, f), 'utf8'))
    .join('\n')
  const prefixes = [...source.matchAll(/`([a-z]\w*\.[\w.]*)\$\{/g)].map((m) => m[1]!)
  const exact = new Set([...source.matchAll(/\bte?\(\s*'([^']+)'/g)].map((m) => m[1]!))
  for (const key of known) if (source.includes(`'${key}'`)) exact.add(key)
  return { exact, prefixes }
}

describe.each(['shop', 'console'])('words of the %s', (app) => {
  const en = words(app, 'en')
  const zh = words(app, 'zh')

  it('has the same keys in both languages', () => {
    expect([...zh.keys()].filter((k) => !en.has(k))).toEqual([])
    expect([...en.keys()].filter((k) => !zh.has(k))).toEqual([])
  })
  it('has the same placeholders in both languages', () => {
    for (const [key, text] of en) expect([key, [...new Set(placeholders(zh.get(key)!))]]).toEqual([key, [...new Set(placeholders(text))]])
  })
  it('has every word the source asks for', () => {
    const { exact } = asked(app, en.keys())
    expect([...exact].filter((k) => k.includes('.') && !en.has(k))).toEqual([])
  })
  it('has no word that nothing asks for', () => {
    const { exact, prefixes } = asked(app, en.keys())
    const unused = [...en.keys()].filter((k) => !/^(ui|signin|goods)\./.test(k) && !exact.has(k) && !prefixes.some((p) => k.startsWith(p)))
    expect(unused).toEqual([])
  })
  it('writes Chinese with full-width marks and no exclamation marks', () => {
    for (const [key, text] of zh) expect([key, /[\u4e00-\u9fff}][,:;?!]|！/.test(text)]).toEqual([key, false])
    for (const [key, text] of en) expect([key, /!/.test(text)]).toEqual([key, false])
  })
})

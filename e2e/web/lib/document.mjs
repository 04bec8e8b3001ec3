import { createRequire } from 'node:module'

const yaml = createRequire(new URL('../../../web/package.json', import.meta.url))('js-yaml')

/** The document of the API as the server under test serves it, and whether an answer is what it says. */
export class Document {
  #doc
  #routes = []

  constructor(text) {
    this.#doc = yaml.load(text)
    for (const [path, operations] of Object.entries(this.#doc.paths)) {
      const like = new RegExp('^' + path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+') + '$')
      // A fixed word wins over a parameter, as on the server.
      this.#routes.push({ path, like, operations, free: path.split('{').length })
    }
    this.#routes.sort((a, b) => a.free - b.free)
  }

  static of = async (origin) => new Document(await (await fetch(origin + '/v1/openapi.yaml')).text())

  /**
   * What an answer has that the document does not say, lacks what it promises, or says otherwise, as sentences. Everything
   * below /v1 that is JSON has to be in the document; `also` are the few that are not.
   */
  faults(method, path, status, type, body, also = ['/v1/payments/', '/v1/socket']) {
    if (!path.startsWith('/v1/') || !/json/.test(type) || also.some((a) => path.startsWith(a))) return []
    const at = `${method} ${path} ${status}`
    if (/problem\+json/.test(type)) return this.#check(this.#doc.components.schemas.WebProblem, body, at)
    const route = this.#routes.find((r) => r.like.test(path) && r.operations[method.toLowerCase()])
    if (!route) return [`${at} is not in the document`]
    const schema = route.operations[method.toLowerCase()].responses[status]?.content?.['application/json']?.schema
    return schema ? this.#check(schema, body, at) : [`${at} has no answer in the document`]
  }

  #check(s, v, at) {
    if (s.$ref) return this.#check(this.#doc.components.schemas[s.$ref.split('/').at(-1)], v, at)
    if (s.anyOf) {
      const all = s.anyOf.map((one) => this.#check(one, v, at))
      return all.some((f) => !f.length) ? [] : all[0]
    }
    const types = [s.type].flat().filter(Boolean)
    const type = v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v
    const fits = types.includes(type) || (type === 'number' && types.includes('integer') && Number.isInteger(v))
    if (types.length && !fits) return [`${at} is ${type}, not ${types.join(' or ')}`]
    if (s.enum && v !== null && !s.enum.includes(v)) return [`${at} is ${JSON.stringify(v)}, not one of ${s.enum.join(', ')}`]
    if (s.format === 'date-time' && v !== null && Number.isNaN(Date.parse(v))) return [`${at} is no instant: ${v}`]
    if (type === 'array') return v.flatMap((x, i) => this.#check(s.items ?? {}, x, `${at}[${i}]`))
    if (type !== 'object') return []
    const faults = (s.required ?? []).filter((k) => !(k in v)).map((k) => `${at} lacks ${k}`)
    for (const [k, x] of Object.entries(v)) {
      const p = s.properties?.[k] ?? s.additionalProperties
      if (p === false) faults.push(`${at} says nothing of ${k}`)
      else if (p && p !== true) faults.push(...this.#check(p, x, `${at}.${k}`))
    }
    return faults
  }
}

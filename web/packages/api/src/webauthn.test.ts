import { expect, it } from 'vitest'
import { fromBase64Url, toBase64Url } from './webauthn'

it('base64url comes back, without padding and with its own alphabet', () => {
  for (const bytes of [[], [0], [251, 255], [62, 63, 250], [1, 2, 3, 4]]) {
    const text = toBase64Url(Uint8Array.from(bytes).buffer)
    expect(text).not.toMatch(/[+/=]/)
    expect([...new Uint8Array(fromBase64Url(text))]).toEqual(bytes)
  }
})

import { api } from '@openstall/app'

/** Shares a short link that remembers who shared it; copies it where the phone has no share sheet. Answers whether it was copied. */
export async function shareLink(kind: 'show' | 'product' | 'shop' | 'video', target: string, title: string): Promise<'shared' | 'copied' | 'dropped'> {
  const { url } = await api.share(kind, target)
  const absolute = new URL(url, location.origin).href
  if (navigator.share) {
    try {
      await navigator.share({ title, url: absolute })
      return 'shared'
    } catch (e) {
      if ((e as DOMException).name === 'AbortError') return 'dropped'
    }
  }
  await navigator.clipboard.writeText(absolute)
  return 'copied'
}

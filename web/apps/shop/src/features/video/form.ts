import type { MerchantVideo, VideoChange } from '@openstall/api'
import { topicsOf } from './rules'

/** What a shop types about a video. */
export type VideoForm = {
  caption: string
  topics: string
  language: string
  place: string
  licensed: boolean
  source: string
  ai: boolean
  ad: boolean
  visibility: 'public' | 'followers' | 'friends' | 'link'
  products: string[]
  show: string
}

export const emptyForm = (language: string): VideoForm => ({
  caption: '', topics: '', language, place: '', licensed: false, source: '', ai: false, ad: false, visibility: 'public', products: [], show: '',
})

export const formFrom = (v: MerchantVideo): VideoForm => ({
  caption: v.caption,
  topics: v.topics.join(' '),
  language: v.language,
  place: v.place,
  licensed: v.rights.kind === 'licensed',
  source: v.rights.source ?? '',
  ai: v.labels.ai,
  ad: v.labels.ad,
  visibility: v.visibility,
  products: v.products.map((p) => p.id),
  show: v.show?.id ?? '',
})

/** The form as the server takes it. */
export const saidBy = (f: VideoForm) =>
  ({
    caption: f.caption.trim(),
    topics: topicsOf(f.topics),
    language: f.language,
    place: f.place.trim(),
    rights: f.licensed ? { kind: 'licensed', source: f.source.trim() } : { kind: 'own' },
    ai: f.ai,
    ad: f.ad,
    visibility: f.visibility,
    products: f.products,
    show: f.show,
  }) satisfies VideoChange

/** Where licensed pictures come from has to be said before a video is posted. */
export const lacksSource = (f: VideoForm) => f.licensed && !f.source.trim()

/** The languages offered: the market's two, and the device's own. */
export function languagesFor(device: readonly string[]): string[] {
  return [...new Set(['en', 'zh', ...device.map((tag) => tag.split('-')[0]!)])].filter((tag) => /^[a-z]{2,3}$/.test(tag))
}

import type { MerchantVideo } from '@openstall/api'
import { formatClock, formatDay } from '@openstall/ui'

type Translate = (key: string, values?: Record<string, unknown>) => string

/** Where a video stands, in one line. */
export function stateWords(v: MerchantVideo, t: Translate, locale: string): string {
  const at = (instant: string) => `${formatDay(instant, locale)} ${formatClock(instant, locale)}`
  switch (v.state) {
    case 'processing':
      return t('video.isProcessing', { n: v.progress })
    case 'failed':
      return t('video.isFailed')
    case 'draft':
      return t('video.isDraft')
    case 'scheduled':
      return v.publish_at ? t('video.isPlanned', { at: at(v.publish_at) }) : t('video.isDraft')
    case 'published':
      return t(v.visibility === 'public' ? 'video.isPublic' : v.visibility === 'followers' ? 'video.isForFollowers' : v.visibility === 'friends' ? 'video.isForFriends' : 'video.isByLink')
  }
}

import { useI18n } from 'vue-i18n'
import type { CouponTerms } from '@openstall/api'
import { formatMoney } from './format'

type Gives = Pick<CouponTerms, 'off' | 'percent' | 'cap' | 'threshold'>

/** What a coupon gives and asks for, in words. */
export function useCouponWords() {
  const { t, locale } = useI18n()
  const money = (m: NonNullable<Gives['off']>) => formatMoney(m, locale.value)
  return {
    /** "€5.00 off" or "20% off". */
    off: (c: Gives) => (c.off ? t('ui.off', { money: money(c.off) }) : t('ui.offPercent', { n: c.percent ?? 0 })),
    /** "from €30.00, at most €8.00"; empty when it asks for nothing. */
    terms: (c: Gives) => [c.threshold && t('ui.offOver', { money: money(c.threshold) }), c.cap && t('ui.offCap', { money: money(c.cap) })].filter(Boolean).join(', '),
  }
}

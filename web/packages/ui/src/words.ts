import { useI18n } from 'vue-i18n'
import type { Measure } from '@openstall/api'
import { quantityFigure } from './format'

/** Amounts and stock in words. */
export function useStockWords() {
  const { t, locale } = useI18n()
  const amount = (q: number, m: Measure) => {
    const n = quantityFigure(q, m, locale.value)
    return m.kind === 'weight' ? t('ui.kg', { n }) : n
  }
  return {
    /** "1.2 kg" or "3". */
    amount,
    /** "2 × Oyster" or "Mackerel 1.2 kg". */
    of: (what: string, q: number, m: Measure) => (m.kind === 'weight' ? t('ui.amountOf', { what, amount: amount(q, m) }) : t('ui.pieces', { what, n: amount(q, m) })),
    /** "18 of 40 kg left", "9 kg left", "Sold out". */
    left(available: number, m: Measure, total?: number) {
      if (available < m.min) return t('ui.soldOut')
      if (available > 5e5 && m.kind === 'piece') return '' // seats without a limit
      if (total === undefined || total <= available) return t('ui.left', { left: amount(available, m) })
      return t('ui.leftOf', { left: quantityFigure(available, m, locale.value), total: amount(total, m) })
    },
  }
}

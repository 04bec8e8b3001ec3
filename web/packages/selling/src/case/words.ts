import { useI18n } from 'vue-i18n'
import type { Case, CaseLine, DealView } from '@openstall/api'
import { formatClock, formatMoney, formatWeekday, pick, useStockWords } from '@openstall/ui'

export type CaseEye = 'buyer' | 'seller' | 'operator'

/** Whether a case waits for somebody. */
export const isOpen = (c: Case): boolean => !['granted', 'denied', 'closed', 'withdrawn'].includes(c.state)

/** Whether it is this side's turn. */
export function isTurn(c: Case, eye: CaseEye): boolean {
  const turn = { buyer: ['countered', 'refused', 'returning'], seller: ['requested', 'returned', 'owed'], operator: ['escalated'] }[eye]
  return turn.includes(c.state)
}

/** A case in words. */
export function useCaseWords() {
  const { t, te, locale } = useI18n()
  const words = useStockWords()
  const when = (at: string) => `${formatWeekday(at, locale.value)} ${formatClock(at, locale.value)}`
  const goods = (lines: CaseLine[], position: number, quantity?: number) => {
    const l = lines.find((x) => x.position === position)
    if (!l) return ''
    return quantity ? words.of(pick(l.title, locale.value), quantity, l.measure) : pick(l.title, locale.value)
  }
  const share = (used: number) => new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 2 }).format(used / 1e6)
  /** Why a course brings less than its price. */
  const byProgress = (d: DealView['lines'][number], lines: CaseLine[]) => {
    const l = lines.find((x) => x.position === d.position)
    return d.used && l ? ` ${t('case.byProgress', { share: share(d.used), price: formatMoney(l.total, locale.value) })}` : ''
  }
  return {
    when,
    goods,
    /** "Money back: €9.99 for 1 × A book". */
    deal(d: DealView, lines: CaseLine[]) {
      const what = d.lines.map((l) => goods(lines, l.position, l.quantity)).join(', ')
      const money = formatMoney(d.worth, locale.value)
      return t(`case.deal_${d.kind}`, { what, money }) + (d.freight ? ` ${t('case.withFreight')}` : '') + d.lines.map((l) => byProgress(l, lines)).join('')
    },
    /** What the clock of a case means to who looks; empty when none runs. */
    clock(c: Case, eye: CaseEye) {
      const key = `case.clock_${c.state}_${eye}`
      return te(key) ? t(key, { time: c.due_at ? when(c.due_at) : '', then: c.runs_out ? t(`case.then_${c.runs_out}`) : '' }) : ''
    },
    /** The one message that a case opens with. */
    head(c: Case, eye: CaseEye) {
      const key = `case.head_${c.state}_${eye}`
      if (c.state === 'granted') return c.replacement ? t('case.head_again') : t('case.head_money', { money: formatMoney(c.given, locale.value) })
      return te(key) ? t(key) : t(`case.state_${c.state}`)
    },
  }
}

import { computed, reactive, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { PlacedOrder, Quote } from '@openstall/api'
import { serverNow } from '@openstall/ui'
import { api, useProblem, useSession } from '@openstall/app'
import * as cart from '../../shared/cart'
import { failureOf, settle, type Choice } from '../checkout/flow'
import { remember, remembered } from '../checkout/remember'
import { orderable, refusedTitles, requestOf, stillMissing, waysToPay, type Seller } from './rules'

/** One seller's part: its goods, the offer, what the buyer chose, and what became of it. */
export type Part = { seller: Seller; quote?: Quote; choice: Choice; error: string; order?: PlacedOrder }

/** From a cart to one order for each seller. One that is refused does not hold the others up and stays in the cart. */
export function useCartCheckout() {
  const problem = useProblem()
  const { locale } = useI18n()
  const session = useSession()
  const last = remembered()
  const parts = ref<Part[]>([])
  const step = ref<'loading' | 'ready' | 'placing' | 'done' | 'failed'>('loading')
  const failed = shallowRef<unknown>()
  /** Where all that waits for money is paid at once; nothing when it is paid one by one. */
  const payAll = ref('')
  /** Who orders and how it is paid, the same for all. */
  const buyer = reactive<Choice>({ sku: '', quantity: 0, name: session.person?.name || last.name || '', phone: session.person?.phone || last.phone || '', payment: last.payment, consents: [] })

  const quotes = computed(() => parts.value.flatMap((p) => (p.quote ? [p.quote] : [])))
  const payments = computed(() => waysToPay(quotes.value))
  const whole = computed(() => parts.value.filter((p) => p.quote).map((p) => ({ quote: p.quote!, choice: { ...p.choice, name: buyer.name, phone: buyer.phone, payment: buyer.payment } })))
  const needs = computed(() => stillMissing(whole.value))
  const total = computed(() => {
    const [first] = quotes.value
    if (!first || quotes.value.some((q) => q.total.currency !== first.total.currency)) return undefined
    return { currency: first.total.currency, minor: quotes.value.reduce((n, q) => n + q.total.minor, 0) }
  })

  async function start() {
    step.value = 'loading'
    try {
      const { sellers } = await cart.look()
      parts.value = sellers
        .filter((s) => orderable(s).length)
        .map((seller) => ({ seller, error: '', choice: { sku: '', quantity: 0, kind: last.kind, name: buyer.name, phone: buyer.phone, consents: [] } }))
      await Promise.all(parts.value.map((p) => ask(p)))
      step.value = 'ready'
    } catch (e) {
      failed.value = e
      step.value = 'failed'
    }
  }

  /** Asks for the offer of one seller; the way of last time may not be one of theirs. */
  async function ask(p: Part): Promise<void> {
    p.error = ''
    try {
      p.quote = await api.quote(requestOf(p.seller, p.choice))
      const { kind, slot } = settle(p.quote, p.choice)
      Object.assign(p.choice, { kind, slot })
      if (!payments.value.some((x) => x.code === buyer.payment)) buyer.payment = payments.value[0]?.code
    } catch (e) {
      if (p.choice.kind && !p.quote) {
        p.choice.kind = undefined
        return ask(p)
      }
      p.error = [problem(e), ...refusedTitles(e, p.seller, locale.value)].join(' ')
      if (failureOf(e) === 'sold_out') p.quote = undefined
    }
  }
  function change(p: Part, c: Partial<Choice>) {
    Object.assign(p.choice, c)
    if (!('consents' in c)) void ask(p)
  }

  async function place() {
    step.value = 'placing'
    for (const p of parts.value) if (p.quote && !p.order) await placeOne(p)
    const ordered = parts.value.filter((p) => p.order)
    if (!ordered.length) {
      step.value = 'ready'
      return
    }
    remember({ ...remembered(), payment: buyer.payment, name: buyer.name, phone: buyer.phone })
    const waiting = ordered.filter((p) => p.order!.pay_url).map((p) => p.order!)
    if (waiting.length === 1) payAll.value = waiting[0]!.pay_url!
    else if (waiting.length) payAll.value = await cart.payTogether(waiting.map((o) => o.id)).then((x) => x.pay_url, () => '')
    await cart.remove(ordered.flatMap((p) => orderable(p.seller).map((l) => l.sku))).catch(() => undefined)
    step.value = 'done'
    // Nobody has to read anything first: on to the payment page.
    if (payAll.value && ordered.length === parts.value.length) location.assign(payAll.value)
  }
  async function placeOne(p: Part) {
    if (Date.parse(p.quote!.expires_at) <= serverNow()) await ask(p)
    const q = p.quote
    if (!q) return
    try {
      p.order = await api.placeOrder({ quote: q.id, hash: q.hash, payment: buyer.payment!, contact: { name: buyer.name.trim(), phone: buyer.phone.trim() || undefined }, consents: p.choice.consents })
      p.error = ''
    } catch (e) {
      await ask(p)
      p.error = problem(e)
    }
  }

  void start()
  return { parts, step, failed, payAll, buyer, payments, needs, total, start, change, place }
}

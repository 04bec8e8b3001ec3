import { computed, reactive, ref, shallowRef } from 'vue'
import { ApiError, type PlacedOrder, type Quote, type Sku } from '@openstall/api'
import { serverNow } from '@openstall/ui'
import { api, useProblem, useSession } from '@openstall/app'
import { failureOf, missing, priceQuestions, quoteRequest, settle, usualQuantity, type Choice, type Wanted } from './flow'
import { remember, remembered } from './remember'

export type Step = 'quoting' | 'ready' | 'price' | 'soldout' | 'signin' | 'placing' | 'done' | 'failed'

/** One purchase from the tap on Buy to the order: quote, question, sign-in, place. */
export function useCheckout(wanted: Wanted) {
  const problem = useProblem()
  const session = useSession()
  const last = remembered()
  const firstSku = wanted.item.skus.find((s) => s.id === wanted.sku) as Sku

  const step = ref<Step>('quoting')
  const error = ref('')
  /** The shop's goods or terms are the reason, and asking again is useless. */
  const told = ref(false)
  const busy = ref(false)
  const quote = shallowRef<Quote>()
  const order = shallowRef<PlacedOrder>()
  const choice = reactive<Choice>({
    sku: wanted.sku,
    quantity: wanted.quantity || usualQuantity(firstSku),
    kind: last.kind,
    payment: last.payment,
    name: session.person?.name || last.name || '',
    phone: session.person?.phone || last.phone || '',
    consents: [],
  })
  /** Prices the buyer has seen on screen, by variant. */
  const seen = ref<Record<string, number>>(Object.fromEntries(wanted.item.skus.map((s) => [s.id, s.price.amount.minor])))
  const sku = computed(() => wanted.item.skus.find((s) => s.id === choice.sku) ?? firstSku)
  const line = computed(() => quote.value?.lines[0])
  /** How much there was when somebody was faster; undefined while the quote tells. */
  const left = ref<number>()
  const available = computed(() => left.value ?? line.value?.available ?? sku.value.available)
  const questions = computed(() => (quote.value ? priceQuestions(quote.value, undefined, seen.value) : []))
  const stillNeeds = computed(() => (quote.value ? missing(quote.value, choice) : undefined))

  let turn = 0
  async function ask() {
    const mine = ++turn
    busy.value = true
    error.value = ''
    try {
      const q = await api.quote(quoteRequest(wanted, choice, seen.value[choice.sku]))
      if (mine !== turn) return
      quote.value = q
      left.value = undefined
      Object.assign(choice, settle(q, choice))
      step.value = questions.value.length ? 'price' : 'ready'
    } catch (e) {
      if (mine !== turn) return
      if (choice.coupon && e instanceof ApiError && e.code === 'order.coupon_gone') {
        choice.coupon = undefined
        return ask()
      }
      if (failureOf(e) === 'sold_out') {
        left.value = await howMuch()
        step.value = 'soldout'
      } else if (last.kind && !quote.value && choice.kind) {
        // The way chosen last time may not be offered by this shop.
        choice.kind = undefined
        return ask()
      } else {
        error.value = problem(e)
        told.value = e instanceof ApiError && e.status === 422
        if (!quote.value) step.value = 'failed'
      }
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  /** Asks for the smallest amount, because a refusal does not say how much is left and the last quote is too old to. */
  async function howMuch() {
    try {
      const q = await api.quote(quoteRequest(wanted, { ...choice, quantity: sku.value.measure.min }, seen.value[choice.sku]))
      return q.lines[0]?.available ?? 0
    } catch {
      return 0
    }
  }

  /** Changes the amount, the variant or the way it comes, and asks what that costs. */
  function change(c: Partial<Choice>) {
    Object.assign(choice, c)
    void ask()
  }

  function acceptPrice() {
    for (const q of questions.value) seen.value = { ...seen.value, [q.line.sku]: q.line.unit_price.minor }
    step.value = 'ready'
  }

  async function place() {
    if (!quote.value || stillNeeds.value) return
    if (!session.person) {
      step.value = 'signin'
      return
    }
    if (Date.parse(quote.value.expires_at) <= serverNow()) {
      await ask()
      if (step.value !== 'ready') return
    }
    step.value = 'placing'
    error.value = ''
    try {
      const placed = await api.placeOrder({
        quote: quote.value.id,
        hash: quote.value.hash,
        payment: choice.payment!,
        contact: { name: choice.name.trim(), phone: choice.phone.trim() || undefined },
        consents: choice.consents,
      })
      remember({ kind: choice.kind, payment: choice.payment, name: choice.name, phone: choice.phone })
      order.value = placed
      if (placed.pay_url) location.assign(placed.pay_url)
      else step.value = 'done'
    } catch (e) {
      await refused(e)
    }
  }

  async function refused(e: unknown) {
    const what = failureOf(e)
    step.value = 'ready'
    if (what === 'sign_in') step.value = 'signin'
    else if (what === 'sold_out') {
      await ask()
      step.value = 'soldout'
    } else if (what === 'ask_again') await ask()
    else error.value = problem(e)
  }

  async function signedIn() {
    step.value = 'ready'
    if (!choice.name) choice.name = session.person?.name ?? ''
    // Somebody with a name may have coupons: they see what comes off before they order.
    const before = quote.value?.total.minor
    await ask()
    if (step.value === 'ready' && quote.value?.total.minor === before) await place()
  }

  void session.load().then(() => {
    choice.name ||= session.person?.name ?? ''
    choice.phone ||= session.person?.phone ?? ''
  })
  void ask()

  return { step, error, told, busy, quote, order, choice, sku, line, available, questions, stillNeeds, change, acceptPrice, place, signedIn, ask }
}
export type Checkout = ReturnType<typeof useCheckout>

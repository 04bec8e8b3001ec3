import { computed, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Merchant, Pack, Product } from '@openstall/api'
import { minorAsTyped, pick, quantityFigure, say } from '@openstall/ui'
import { useProblem } from '@openstall/app'
import { draftFrom, draftOf, emptyForm, formFaults, type ProductForm } from './draft'

/** Seats of a course beyond this are none that anybody counted. */
const noLimit = 500_000

/** One product being written: what is typed, its photo, its faults, and saving it. */
export function useProductForm(api: () => Merchant, pack: () => Pack | undefined, currency: () => string) {
  const { locale } = useI18n()
  const problem = useProblem()
  const form = ref<ProductForm>(emptyForm('piece'))
  const was = shallowRef<Product>()
  const photo = shallowRef<Blob>()
  const tried = ref(false)
  const busy = ref(false)
  const faults = computed(() => (tried.value ? formFaults(form.value, pack()?.fields ?? [], currency()) : []))

  function start(product?: Product) {
    was.value = product
    photo.value = undefined
    tried.value = false
    form.value = emptyForm(pack()?.measure ?? 'piece')
    const sku = product?.skus[0]
    if (!product || !sku) return
    form.value = {
      title: pick(product.title, locale.value),
      about: pick(product.about, locale.value),
      price: minorAsTyped(sku.price.amount.minor, sku.price.amount.currency),
      stock: sku.available > noLimit ? '' : quantityFigure(sku.available, sku.measure, 'en').replace(/,/g, ''),
      measure: sku.measure.kind,
      fields: { ...product.fields },
      images: product.images,
    }
  }

  /** Saves and answers the product; undefined when something is missing or was refused, with the reason said. */
  async function save(): Promise<Product | undefined> {
    tried.value = true
    if (faults.value.length) return undefined
    busy.value = true
    try {
      if (photo.value) {
        const image = await api().upload(photo.value)
        form.value.images = [image, ...form.value.images.slice(1)]
        photo.value = undefined
      }
      const draft = draftOf(form.value, currency(), locale.value, { title: was.value?.title, about: was.value?.about, sku: was.value?.skus[0]?.id })
      if (was.value) {
        // Only the first variant's price and stock are on screen; the others stay as they are.
        const kept = draftFrom(was.value)
        draft.skus[0]!.name = kept.skus[0]?.name ?? {}
        draft.skus.push(...kept.skus.slice(1))
        draft.state = kept.state
        draft.freight = kept.freight
        draft.tax = kept.tax
        // A course whose limit was taken out has seats for everybody again.
        if (!form.value.stock.trim() && pack()?.fulfilments.includes('online') && was.value.skus[0]!.available <= noLimit) draft.skus[0]!.stock = 2 * noLimit
      }
      return was.value ? await api().saveProduct(was.value.id, draft) : await api().addProduct(draft)
    } catch (e) {
      say(problem(e))
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { form, photo, faults, busy, start, save }
}

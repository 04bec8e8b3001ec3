import { ref } from 'vue'

export type Toast = { id: number; text: string; action?: { label: string; run: () => void } }

/** One short sentence at a time, spoken politely, gone by itself. Never used for what a person must not miss. */
export const toast = ref<Toast>()
let timer: ReturnType<typeof setTimeout> | undefined
let count = 0

export function say(text: string, action?: Toast['action']): void {
  clearTimeout(timer)
  toast.value = { id: ++count, text, action }
  timer = setTimeout(() => (toast.value = undefined), action ? 8000 : 4000)
}

import { ref, watch } from 'vue'

const KEY = 'os.video.autoplay'

/** Without sound until somebody taps for it; then for as long as the app is open. */
export const muted = ref(true)

/** Whether a video starts when it is swiped to. Off until the viewer switches it on, on this device. */
export const autoplay = ref(localStorage.getItem(KEY) === 'on')
watch(autoplay, (on) => (on ? localStorage.setItem(KEY, 'on') : localStorage.removeItem(KEY)))

/** Whether the next video may be fetched before it is asked for. */
export const mayPreload = () => !(navigator as Navigator & { connection?: { saveData?: boolean } }).connection?.saveData

import { onScopeDispose, ref, shallowRef } from 'vue'

export type CameraTrouble = 'denied' | 'missing' | 'busy' | 'insecure'

/** Why camera or microphone did not open, in a word the page can explain. */
export function troubleOf(error: unknown): CameraTrouble {
  const name = (error as DOMException | undefined)?.name
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  return 'busy'
}

/** Camera and microphone of this device: a stream, the level of the voice, flip and mute. */
export function useCamera() {
  const stream = shallowRef<MediaStream>()
  const trouble = ref<CameraTrouble>()
  const facing = ref<'user' | 'environment'>('environment')
  const micOn = ref(true)
  /** Loudness of the last moment, 0 to 1. */
  const level = ref(0)
  let audio: AudioContext | undefined
  let frame = 0

  async function open(): Promise<MediaStream | undefined> {
    // Browsers give cameras to secure pages only.
    if (!navigator.mediaDevices) {
      trouble.value = 'insecure'
      return undefined
    }
    try {
      const next = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: facing.value, width: { ideal: 720 }, height: { ideal: 1280 }, frameRate: { ideal: 30 } },
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      })
      close()
      for (const t of next.getAudioTracks()) t.enabled = micOn.value
      stream.value = next
      trouble.value = undefined
      listen(next)
      return next
    } catch (e) {
      trouble.value = troubleOf(e)
      return undefined
    }
  }

  function listen(s: MediaStream) {
    audio = new AudioContext()
    const analyser = audio.createAnalyser()
    analyser.fftSize = 512
    audio.createMediaStreamSource(s).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    const look = () => {
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const x of samples) sum += x * x
      level.value = Math.min(1, Math.sqrt(sum / samples.length) * 4)
      frame = requestAnimationFrame(look)
    }
    look()
  }

  function close() {
    cancelAnimationFrame(frame)
    void audio?.close()
    audio = undefined
    for (const t of stream.value?.getTracks() ?? []) t.stop()
    stream.value = undefined
  }
  function mute() {
    micOn.value = !micOn.value
    for (const t of stream.value?.getAudioTracks() ?? []) t.enabled = micOn.value
  }
  async function flip() {
    const before = facing.value
    facing.value = before === 'user' ? 'environment' : 'user'
    // Phones do not open two cameras at once.
    for (const t of stream.value?.getVideoTracks() ?? []) t.stop()
    const next = await open()
    if (!next) {
      facing.value = before
      return open()
    }
    return next
  }
  onScopeDispose(close)
  return { stream, trouble, facing, micOn, level, open, close, mute, flip }
}

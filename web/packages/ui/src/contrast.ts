/** A shop's own colour, darkened until white text on it reaches 4.5:1 (WCAG 2.2, 1.4.3). Anything unreadable becomes the house green. */
export function readableColour(colour: string): string {
  const m = /^#([0-9a-f]{6})$/i.exec(colour.trim())
  if (!m) return '#0F5B4A'
  let rgb = [0, 2, 4].map((i) => parseInt(m[1]!.slice(i, i + 2), 16))
  while (1.05 / (luminance(rgb) + 0.05) < 4.5) rgb = rgb.map((c) => Math.floor(c * 0.94))
  return '#' + rgb.map((c) => c.toString(16).padStart(2, '0')).join('')
}

function luminance(rgb: number[]): number {
  const [r, g, b] = rgb.map((c) => {
    const s = c / 255
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

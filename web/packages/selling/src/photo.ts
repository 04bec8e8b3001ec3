/** The longest side a photo of goods needs on any screen here, in pixels. */
const LONGEST = 1600

/** Makes a phone's photo small enough to send from a market hall. What the browser cannot draw goes up as it is. */
export async function shrinkPhoto(file: Blob): Promise<Blob> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height))
    if (scale === 1 && file.size < 600_000) return file
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(bitmap.width * scale)
    canvas.height = Math.round(bitmap.height * scale)
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    bitmap.close()
    return await new Promise<Blob>((done) => canvas.toBlob((b) => done(b ?? file), 'image/jpeg', 0.85))
  } catch {
    return file
  }
}

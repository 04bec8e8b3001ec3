type Words = Record<string, Record<string, unknown>>

/** Words of many parts as one; parts may add to the same group, such as the sentences for problems. */
export function join(parts: object[]): object {
  const all: Words = {}
  for (const part of parts as Words[]) for (const [group, words] of Object.entries(part)) all[group] = { ...all[group], ...words }
  return all
}

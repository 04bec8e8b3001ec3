import { api, useSession } from '@openstall/app'

/** The marks of those in a room whom the person signed in has blocked; none for visitors, and where it cannot be told. */
export async function blockedIn(show: string): Promise<ReadonlySet<string | undefined>> {
  const session = useSession()
  await session.load()
  if (!session.person) return new Set()
  return new Set((await api.blockedIn(show).catch(() => ({ by: [] }))).by)
}

/** WebAuthn between the browser's buffers and the server's JSON (WebAuthn Level 3, 5.1.9 and 5.1.10). */

type Json = Record<string, unknown>

export const passkeysWork = () => typeof PublicKeyCredential !== 'undefined' && !!navigator.credentials

export function fromBase64Url(text: string): ArrayBuffer {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(raw, (c) => c.charCodeAt(0)).buffer
}

export function toBase64Url(buffer: ArrayBuffer): string {
  let raw = ''
  for (const b of new Uint8Array(buffer)) raw += String.fromCharCode(b)
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const publicKeyOf = (options: unknown) => ((options as Json).publicKey ?? options) as Json
const withBufferId = (c: Json) => ({ ...c, id: fromBase64Url(c.id as string) })

/** Asks the device for a new passkey; the answer goes to the server as it is. Rejects with a DOMException when the person says no. */
export async function createPasskey(options: unknown): Promise<Json> {
  const o = publicKeyOf(options)
  const user = o.user as Json
  const made = (await navigator.credentials.create({
    publicKey: {
      ...(o as unknown as PublicKeyCredentialCreationOptions),
      challenge: fromBase64Url(o.challenge as string),
      user: { ...(user as unknown as PublicKeyCredentialUserEntity), id: fromBase64Url(user.id as string) },
      excludeCredentials: ((o.excludeCredentials as Json[]) ?? []).map(withBufferId) as unknown as PublicKeyCredentialDescriptor[],
    },
  })) as PublicKeyCredential
  const r = made.response as AuthenticatorAttestationResponse
  return {
    id: made.id,
    rawId: toBase64Url(made.rawId),
    type: made.type,
    clientExtensionResults: made.getClientExtensionResults(),
    response: { clientDataJSON: toBase64Url(r.clientDataJSON), attestationObject: toBase64Url(r.attestationObject), transports: r.getTransports?.() ?? [] },
  }
}

/** Asks the device to prove a passkey. */
export async function usePasskey(options: unknown): Promise<Json> {
  const o = publicKeyOf(options)
  const proof = (await navigator.credentials.get({
    publicKey: {
      ...(o as unknown as PublicKeyCredentialRequestOptions),
      challenge: fromBase64Url(o.challenge as string),
      allowCredentials: ((o.allowCredentials as Json[]) ?? []).map(withBufferId) as unknown as PublicKeyCredentialDescriptor[],
    },
  })) as PublicKeyCredential
  const r = proof.response as AuthenticatorAssertionResponse
  return {
    id: proof.id,
    rawId: toBase64Url(proof.rawId),
    type: proof.type,
    clientExtensionResults: proof.getClientExtensionResults(),
    response: { clientDataJSON: toBase64Url(r.clientDataJSON), authenticatorData: toBase64Url(r.authenticatorData), signature: toBase64Url(r.signature), userHandle: r.userHandle ? toBase64Url(r.userHandle) : undefined },
  }
}

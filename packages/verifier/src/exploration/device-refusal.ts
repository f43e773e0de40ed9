import { Refusal } from '../report/refusal.ts'
import type { DeviceHooks, DeviceRefusal, VerifierOptions } from '../verifier-api.ts'

/** A device's refusal as one of the verifier; without a message nothing goes to the log. */
export function deviceRefusal(device: DeviceHooks, refusal: DeviceRefusal, pc?: number): Refusal {
  const { errno, message, prefix = device.prefix } = refusal
  const words = message === '' ? '' : `${prefix}${message}`
  return Object.assign(new Refusal({ code: 'VERIFIER_DEVICE', errno: 'EINVAL', message: words }, pc), { errno })
}

/** The device learns of the program once its map references are resolved. @throws {Refusal} VERIFIER_DEVICE */
export function prepareDevice({ device }: Pick<VerifierOptions, 'device'>): void {
  const refusal = device?.prepare?.()
  if (device !== undefined && refusal !== undefined) throw deviceRefusal(device, refusal)
}

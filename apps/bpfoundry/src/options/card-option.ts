import { Option } from 'commander'
import { ANY_CARD, FIRMWARES, OFFLOAD_CARDS } from './choices.ts'

/** `--nic CARD`, for what is asked of cards that run programs themselves; `cardNamed` of offload/cards.ts has them. */
export function cardOption(about: string): Option {
  return new Option('--nic <card>', about).choices([ANY_CARD, ...OFFLOAD_CARDS])
}

/** `--firmware NAME` */
export function firmwareOption(): Option {
  return new Option('--firmware <name>', "with --nic: the card's firmware").choices([...FIRMWARES])
}

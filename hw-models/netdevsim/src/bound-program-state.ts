/** What debugfs shows of a program on the device, in `bpf_bound_progs/N`. @see struct nsim_bpf_bound_prog */
export interface BoundProgramState {
  /** The directory's name: programs are counted from 0 as they come. */
  number: number
  /** 0 until it has one. */
  id: number
  state: 'verify' | 'xlated'
  /** Whether it is attached. */
  loaded: boolean
}

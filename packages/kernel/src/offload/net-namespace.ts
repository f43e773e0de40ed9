/** A network namespace, as object info names it: device and inode number of its file in nsfs. */
export interface NetNamespace {
  /** As `ip netns` names it; empty for the one that the machine started with. */
  readonly name: string
  readonly deviceNumber: number
  readonly inode: number
}

/** nsfs has no block device behind it; inode numbers are given out from here on. @see PROC_DYNAMIC_FIRST */
const NSFS_DEVICE = 4
const FIRST_INODE = 0xf0000000

/** The namespace of everything that names none. */
export const INITIAL_NAMESPACE: NetNamespace = { name: '', deviceNumber: NSFS_DEVICE, inode: FIRST_INODE }

/** `ip netns add`: namespaces with inodes of their own. */
export class NetNamespaces {
  #nextInode = FIRST_INODE + 0x100

  add(name: string): NetNamespace {
    return { name, deviceNumber: NSFS_DEVICE, inode: this.#nextInode++ }
  }
}

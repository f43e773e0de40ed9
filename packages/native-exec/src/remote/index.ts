export type { RemoteArm64Availability, RemoteArm64Engine, RemoteArm64Options } from './remote-engine.ts'
export { createRemoteArm64Engine, remoteArm64Available } from './remote-engine.ts'

import { GrpcChannel } from './grpc.ts';
import { decode, encode, flag, integer, list, type Message, map, message, type Shape, text } from './protobuf.ts';

/*
 * The messages of the Kubernetes Container Runtime Interface, version v1, that a test of a network needs, and of each the fields that it
 * needs. Numbers: https://github.com/kubernetes/cri-api/blob/master/pkg/apis/runtime/v1/api.proto.
 */

const sandboxConfig = {
  metadata: message(1, { name: text(1), uid: text(2), namespace: text(3), attempt: integer(4) }),
  hostname: text(2),
  log_directory: text(3),
  dns_config: message(4, { servers: list(text(1)), searches: list(text(2)), options: list(text(3)) }),
  port_mappings: list(message(5, { container_port: integer(2), host_port: integer(3) })),
  labels: map(6),
  annotations: map(7),
  linux: message(8, { cgroup_parent: text(1) }),
};

const containerConfig = {
  metadata: message(1, { name: text(1), attempt: integer(2) }),
  image: message(2, { image: text(1) }),
  command: list(text(3)),
  linux: message(15, {}),
};

const sandboxStatus = {
  id: text(1),
  /** 0 is ready, 1 is not */
  state: integer(3),
  network: message(5, { ip: text(1), additional_ips: list(message(2, { ip: text(1) })) }),
};

const sandboxId = { pod_sandbox_id: text(1) };
const call = <Request extends Shape, Answer extends Shape>(service: 'Runtime' | 'Image', request: Request, answer: Answer) => ({
  service: `runtime.v1.${service}Service`,
  request,
  answer,
});

const methods = {
  Version: call('Runtime', { version: text(1) }, { runtime_name: text(2), runtime_version: text(3) }),
  Status: call(
    'Runtime',
    { verbose: flag(1) },
    {
      status: message(1, { conditions: list(message(1, { type: text(1), status: flag(2), reason: text(3), message: text(4) })) }),
      info: map(2),
    },
  ),
  RunPodSandbox: call('Runtime', { config: message(1, sandboxConfig) }, sandboxId),
  StopPodSandbox: call('Runtime', sandboxId, {}),
  RemovePodSandbox: call('Runtime', sandboxId, {}),
  PodSandboxStatus: call('Runtime', { ...sandboxId, verbose: flag(2) }, { status: message(1, sandboxStatus), info: map(2) }),
  ListPodSandbox: call('Runtime', {}, { items: list(message(1, { id: text(1), state: integer(3) })) }),
  CreateContainer: call(
    'Runtime',
    { ...sandboxId, config: message(2, containerConfig), sandbox_config: message(3, sandboxConfig) },
    { container_id: text(1) },
  ),
  StartContainer: call('Runtime', { container_id: text(1) }, {}),
  ExecSync: call(
    'Runtime',
    { container_id: text(1), cmd: list(text(2)), timeout: integer(3) },
    { stdout: text(1), stderr: text(2), exit_code: integer(3) },
  ),
  ImageStatus: call('Image', { image: message(1, { image: text(1) }) }, { image: message(1, { id: text(1) }) }),
};

type Methods = typeof methods;
export type Request<M extends keyof Methods> = Message<Methods[M]['request']>;
export type Answer<M extends keyof Methods> = Message<Methods[M]['answer']>;
export type SandboxConfig = Message<typeof sandboxConfig>;

/** A client of a container runtime, as kubelet is one. Disposing it ends its connection. */
export class Cri implements Disposable {
  readonly #channel: GrpcChannel;

  constructor(socketPath: string) {
    this.#channel = new GrpcChannel(socketPath);
  }

  /** Rejects with GrpcError, whose message is the runtime's own. After `timeout` ms (default 30 000) the call is cancelled. */
  async call<M extends keyof Methods>(method: M, request: Request<M>, timeout?: number): Promise<Answer<M>> {
    const { service, request: asked, answer } = methods[method];
    const bytes = await this.#channel.call(`/${service}/${method}`, encode(asked, request as Message<Shape>), timeout);
    return decode(answer, bytes) as Answer<M>;
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }
}

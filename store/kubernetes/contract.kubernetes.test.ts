import { expect } from 'vitest';
import { testContract } from '../contract/contract.ts';
import { ApiServer, findApiServer } from '../testing/kube-apiserver.ts';
import { openKubernetes } from './index.ts';

testContract('the store behind kube-apiserver', async () => {
  const server = await ApiServer.start(findApiServer() ?? expect.fail('no kube-apiserver: npm run test:kubernetes builds one'));
  await server.defineKinds();
  const store = openKubernetes(server.login);
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await server[Symbol.asyncDispose]();
    },
  };
});

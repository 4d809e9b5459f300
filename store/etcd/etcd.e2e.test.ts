import { testContract } from '../contract/contract.ts';
import { EtcdCluster } from '../testing/etcd.ts';
import { openEtcd } from './index.ts';

testContract('the store in etcd', async () => {
  const cluster = await EtcdCluster.start({ args: ['--experimental-watch-progress-notify-interval', '1s'] });
  const store = openEtcd({ endpoints: cluster.endpoints });
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await cluster[Symbol.asyncDispose]();
    },
  };
});

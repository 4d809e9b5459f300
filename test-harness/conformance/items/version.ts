import { isObject, type Json } from '../../runtime/network.ts';
import { atLeast } from '../../runtime/version.ts';
import { mustSucceed, outcomeOf, parseOutput } from '../call.ts';
import type { ConformanceItem } from '../item.ts';
import { type Call, Deviation } from '../verdict.ts';

const about = { section: '2 VERSION', since: '0.2.0', verbs: ['VERSION'] } as const;

export const versionItems: readonly ConformanceItem[] = [
  {
    ...about,
    id: 'version-shape',
    section: '5 Version',
    level: 'must',
    title: 'prints cniVersion and supportedVersions',
    run: async (trial) => {
      const answer = versionAnswer(await trial.ask('VERSION', { stdin: '{"cniVersion":"1.0.0"}' }));
      if (typeof answer['cniVersion'] !== 'string')
        throw new Deviation(`cniVersion is ${JSON.stringify(answer['cniVersion'])}, not a string`);
      supportedVersions(answer);
    },
  },
  {
    ...about,
    id: 'version-echo',
    section: '5 Version',
    level: 'must',
    since: '1.0.0',
    title: 'gives as cniVersion that of the request',
    run: async (trial) => {
      // until 0.4.0 it was the version that the plugin itself liked best
      const versions = supportedVersions(versionAnswer(await trial.ask('VERSION', { stdin: '{"cniVersion":"1.0.0"}' })));
      for (const version of versions.filter((one) => atLeast(one, '1.0.0'))) {
        const answer = versionAnswer(await trial.ask('VERSION', { stdin: JSON.stringify({ cniVersion: version }) }));
        if (answer['cniVersion'] !== version)
          throw new Deviation(`VERSION with cniVersion ${version} gives cniVersion ${JSON.stringify(answer['cniVersion'])}`);
      }
    },
  },
  {
    ...about,
    id: 'version-dummy-env',
    level: 'practice',
    title: 'ignores all other variables',
    run: async (trial) => {
      const env = { CNI_CONTAINERID: undefined, CNI_NETNS: 'dummy', CNI_IFNAME: 'dummy', CNI_PATH: 'dummy' };
      supportedVersions(versionAnswer(await trial.ask('VERSION', { env, stdin: '{"cniVersion":"1.0.0"}' })));
    },
  },
  {
    ...about,
    id: 'version-bare',
    level: 'must',
    title: 'needs no variable but CNI_COMMAND, and nothing on stdin',
    run: async (trial) => {
      supportedVersions(versionAnswer(await trial.execute({ CNI_COMMAND: 'VERSION' }, '')));
    },
  },
];

function versionAnswer(call: Call): Json {
  const answer = parseOutput(mustSucceed(call));
  if (!isObject(answer)) throw new Deviation(`VERSION printed something else than a JSON object: ${outcomeOf(call)}`);
  return answer;
}

function supportedVersions(answer: Json): string[] {
  const versions = answer['supportedVersions'];
  if (!Array.isArray(versions) || versions.length === 0 || !versions.every((one) => typeof one === 'string' && /^\d+\.\d+\.\d+$/.test(one)))
    throw new Deviation(`supportedVersions is ${JSON.stringify(versions)}, not a list of versions`);
  return versions;
}

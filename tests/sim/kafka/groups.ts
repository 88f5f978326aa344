/**
 * The group coordinator, as of Apache Kafka 4 for the classic protocol with dynamic members.
 *
 * Invariants: a generation begins when all members have joined, or when the missing ones have been removed. Only
 * members of the present generation can commit.
 *
 * @module
 */
import { decodeAssignment, decodeSubscription } from "../../../connectors/kafka/assignment.ts";
import { ByteWriter } from "../../../connectors/kafka/wire.ts";
import type { GroupMember, Joined, JoinOptions, Membership } from "../../../connectors/kafka/driver.ts";
import { brokerError } from "../../../connectors/kafka/errors.ts";
import type { Scheduler } from "../scheduler.ts";
import { type Held, refusedConnection, SERVER } from "./codes.ts";

interface Member {
  readonly id: string;
  protocol: string;
  subscription: Uint8Array;
  sessionTimeout: number;
  rebalanceTimeout: number;
  assignment: Uint8Array;
  synced: boolean;
  join: Held<Joined> | undefined;
  sync: Held<Uint8Array> | undefined;
  cancelSession: () => void;
}

/** A consumer of Kafka's newer protocol. While it is a member, only the coordinator assigns. */
interface Intruder {
  readonly topic: string;
  partitions: number[];
}

interface Group {
  readonly name: string;
  intruder: Intruder | undefined;
  /** `preparing`: waits for members to join; `completing`: waits for the leader's assignment. */
  state: "empty" | "preparing" | "completing" | "stable";
  generation: number;
  leader: string | undefined;
  readonly members: Map<string, Member>;
  /** Ids that were given out and whose members have not joined yet. */
  readonly invited: Map<string, () => void>;
  cancelDeadline: () => void;
}

const NOTHING = new Uint8Array(0);
/** While no broker is up, no member is removed: the deadline is checked again after this time, in milliseconds. */
const AWAY = 1000;

/** Coordinates all groups. Throws the errors that a client sees. */
export class Groups {
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #isUp: () => boolean;
  readonly #countOf: (topic: string) => number;
  readonly #groups = new Map<string, Group>();
  #ids = 0;

  constructor({ scheduler, random, isUp, countOf }: {
    readonly scheduler: Scheduler;
    readonly random: () => number;
    readonly isUp: () => boolean;
    /** How many partitions a topic has. */
    readonly countOf: (topic: string) => number;
  }) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#isUp = isUp;
    this.#countOf = countOf;
  }

  members(name: string): string[] {
    return [...this.#groups.get(name)?.members.keys() ?? []];
  }

  /** The members of a group, as a coordinator describes them. */
  describe(name: string): GroupMember[] {
    const group = this.#groups.get(name);
    const host = "/127.0.0.1";
    const members: GroupMember[] = [...group?.members.values() ?? []].map(({ id, assignment }) => ({
      ...{ member: id, client: "simulated", host, protocol: "classic" },
      partitions: decodeAssignment(assignment).topics,
    }));
    if (group?.intruder === undefined) return members;
    const { topic, partitions } = group.intruder;
    const intruder = { member: "intruder", client: "intruder", host, protocol: "consumer" } as const;
    return [...members, { ...intruder, partitions: new Map([[topic, partitions]]) }];
  }

  /**
   * A consumer of Kafka's newer protocol subscribes to a topic. Refused when members have an assignor of their own.
   * Returns the function with which it leaves.
   */
  intrude(name: string, topic: string): () => void {
    const group = this.#groups.get(name) ?? this.#create(name);
    if (group.members.size > 0) {
      throw brokerError(SERVER.groupIdNotFound, "a sign of life in the newer protocol", "a custom assignor is in use");
    }
    group.intruder = { topic, partitions: Array.from({ length: this.#countOf(topic) }, (_, partition) => partition) };
    return () => {
      group.intruder = undefined;
      if (group.state !== "empty" && group.state !== "preparing") this.#prepare(group);
    };
  }

  /** The first answer to a member without an id: the id with which it must join again (code 79). */
  invite({ group: name, protocol, sessionTimeout }: JoinOptions): string {
    const group = this.#groups.get(name) ?? this.#create(name);
    this.#checkProtocol(group, "", protocol);
    // The order of ids must not be the order of joining.
    const chance = Math.floor(this.#random() * 0x1_0000_0000).toString(16).padStart(8, "0");
    const id = `member-${chance}-${++this.#ids}`;
    group.invited.set(
      id,
      this.#scheduler.after(sessionTimeout, () => {
        group.invited.delete(id);
        this.#completeIfAllJoined(group);
      }),
    );
    return id;
  }

  /** Answers when the generation is complete. */
  join(options: JoinOptions): Joined | Promise<Joined> {
    const group = this.#groups.get(options.group);
    const invited = group?.invited.get(options.member);
    const known = group?.members.get(options.member);
    if (group === undefined || (invited === undefined && known === undefined)) return refused(SERVER.unknownMember);
    this.#checkProtocol(group, options.member, options.protocol);
    if (known !== undefined && this.#hasNothingNew(group, known, options)) {
      this.#restartSession(group, known);
      return this.#joined(group, known);
    }
    invited?.();
    group.invited.delete(options.member);
    const member = known ?? newMember(options);
    const { protocol, subscription, sessionTimeout, rebalanceTimeout } = options;
    Object.assign(member, { protocol, subscription, sessionTimeout, rebalanceTimeout });
    group.members.set(member.id, member);
    // An older join of the same member gets no answer: its connection counts as gone.
    member.join = Promise.withResolvers();
    const { promise } = member.join;
    this.#restartSession(group, member);
    if (group.state === "preparing") this.#completeIfAllJoined(group);
    else this.#prepare(group);
    return promise;
  }

  /** Answers when the leader has sent the assignment. */
  sync(
    { group: name, member: id, generation }: Membership,
    assignments: readonly { readonly member: string; readonly assignment: Uint8Array }[],
  ): Uint8Array | Promise<Uint8Array> {
    const { group, member } = this.#memberOf(name, id, generation);
    if (group.state === "preparing") return refused(SERVER.rebalanceInProgress);
    this.#restartSession(group, member);
    member.synced = true;
    if (group.state === "stable") return member.assignment;
    member.sync = Promise.withResolvers();
    const { promise } = member.sync;
    if (id === group.leader) {
      const shares = new Map(assignments.map(({ member, assignment }) => [member, assignment]));
      for (const one of group.members.values()) one.assignment = shares.get(one.id)?.slice() ?? NOTHING;
      group.state = "stable";
      for (const one of group.members.values()) {
        one.sync?.resolve(one.assignment);
        one.sync = undefined;
        this.#restartSession(group, one);
      }
    }
    return promise;
  }

  heartbeat({ group: name, member: id, generation }: Membership): void {
    const { group, member } = this.#memberOf(name, id, generation);
    this.#restartSession(group, member);
    if (group.state === "preparing") refused(SERVER.rebalanceInProgress);
  }

  leave(name: string, id: string): void {
    const group = this.#groups.get(name);
    const invited = group?.invited.get(id);
    if (group !== undefined && invited !== undefined) {
      invited();
      group.invited.delete(id);
      this.#completeIfAllJoined(group);
      return;
    }
    const member = group?.members.get(id);
    if (group === undefined || member === undefined) return refused(SERVER.unknownMember);
    this.#remove(group, member);
  }

  /** Throws unless this member may commit offsets in the present generation. */
  checkCommit({ group: name, member: id, generation }: Membership): void {
    if (this.#groups.get(name) === undefined) refused(SERVER.illegalGeneration);
    const { group, member } = this.#memberOf(name, id, generation);
    if (group.state === "completing") refused(SERVER.rebalanceInProgress);
    this.#restartSession(group, member);
  }

  /** The brokers are gone: requests that they held back fail. */
  drop(): void {
    for (const group of this.#groups.values()) {
      for (const member of group.members.values()) {
        member.join?.reject(refusedConnection());
        member.sync?.reject(refusedConnection());
        member.join = member.sync = undefined;
      }
    }
  }

  /** A coordinator that has just loaded its groups gives every member a full session. */
  reload(): void {
    for (const group of this.#groups.values()) {
      for (const member of group.members.values()) this.#restartSession(group, member);
    }
  }

  #create(name: string): Group {
    const group: Group = {
      name,
      intruder: undefined,
      state: "empty",
      generation: 0,
      leader: undefined,
      members: new Map(),
      invited: new Map(),
      cancelDeadline: () => {},
    };
    this.#groups.set(name, group);
    return group;
  }

  #memberOf(name: string, id: string, generation: number): { group: Group; member: Member } {
    const group = this.#groups.get(name);
    const member = group?.members.get(id);
    if (group === undefined || member === undefined) return refused(SERVER.unknownMember);
    if (generation !== group.generation) return refused(SERVER.illegalGeneration);
    return { group, member };
  }

  #checkProtocol(group: Group, id: string, protocol: string): void {
    const differs = [...group.members.values()].some((one) => one.id !== id && one.protocol !== protocol);
    if (differs) refused(SERVER.inconsistentProtocol);
  }

  /** Whether a member that joins again changes nothing. (The leader always begins a new generation.) */
  #hasNothingNew(group: Group, member: Member, { protocol, subscription }: JoinOptions): boolean {
    if (member.protocol !== protocol || !sameBytes(member.subscription, subscription)) return false;
    return group.state === "completing" || (group.state === "stable" && group.leader !== member.id);
  }

  #prepare(group: Group): void {
    for (const member of group.members.values()) {
      member.sync?.reject(brokerError(SERVER.rebalanceInProgress, "sync"));
      member.sync = undefined;
    }
    group.state = "preparing";
    this.#setDeadline(group, () => this.#complete(group));
    this.#completeIfAllJoined(group);
  }

  #completeIfAllJoined(group: Group): void {
    if (group.state !== "preparing" || group.invited.size > 0) return;
    if ([...group.members.values()].every(({ join }) => join !== undefined)) this.#complete(group);
  }

  /** Begins a new generation with the members that have joined. */
  #complete(group: Group): void {
    for (const member of [...group.members.values()]) {
      if (member.join !== undefined) continue;
      member.cancelSession();
      group.members.delete(member.id);
    }
    group.cancelDeadline();
    group.generation++;
    const [first] = group.members.keys();
    group.state = first === undefined ? "empty" : "completing";
    if (group.intruder !== undefined) group.leader = undefined;
    else if (group.leader === undefined || !group.members.has(group.leader)) group.leader = first;
    for (const member of group.members.values()) {
      member.assignment = NOTHING;
      member.synced = false;
      this.#restartSession(group, member);
      member.join!.resolve(this.#joined(group, member));
      member.join = undefined;
    }
    if (group.intruder !== undefined) this.#assignItself(group, group.intruder);
    else if (group.state === "completing") this.#setDeadline(group, () => this.#putOutUnsynced(group));
  }

  /** The coordinator's own assignment: the partitions of each topic in turn, the intruder first. */
  #assignItself(group: Group, intruder: Intruder): void {
    const members = [...group.members.values()];
    const shares = new Map<Member, Map<string, number[]>>(members.map((member) => [member, new Map()]));
    intruder.partitions = [];
    for (const topic of new Set(members.flatMap(({ subscription }) => decodeSubscription(subscription).topics))) {
      const takers = [...topic === intruder.topic ? [undefined] : [], ...members];
      for (let partition = 0; partition < this.#countOf(topic); partition++) {
        const taker = takers[partition % takers.length];
        if (taker === undefined) intruder.partitions.push(partition);
        else shares.get(taker)!.set(topic, [...shares.get(taker)!.get(topic) ?? [], partition]);
      }
    }
    for (const [member, share] of shares) member.assignment = plainAssignment(share);
    if (group.state === "completing") group.state = "stable";
  }

  #joined(group: Group, { id }: Member): Joined {
    const { generation, members } = group;
    const all = [...members.values()].map(({ id, subscription }) => ({ member: id, subscription }));
    return { member: id, generation, members: id === group.leader ? all : undefined };
  }

  /** Removes members that have joined and do not fetch their assignment. */
  #putOutUnsynced(group: Group): void {
    const missing = [...group.members.values()].filter(({ synced }) => !synced);
    for (const member of missing) {
      member.cancelSession();
      group.members.delete(member.id);
    }
    if (missing.length > 0) this.#prepare(group);
  }

  #remove(group: Group, member: Member): void {
    member.cancelSession();
    group.members.delete(member.id);
    member.join?.reject(brokerError(SERVER.unknownMember, "join"));
    member.sync?.reject(brokerError(SERVER.unknownMember, "sync"));
    if (group.state === "preparing") this.#completeIfAllJoined(group);
    else if (group.state !== "empty") this.#prepare(group);
  }

  /** The deadline of Kafka: the longest rebalance timeout of any member. */
  #setDeadline(group: Group, end: () => void): void {
    group.cancelDeadline();
    const longest = Math.max(0, ...[...group.members.values()].map(({ rebalanceTimeout }) => rebalanceTimeout));
    const look = () => {
      if (this.#isUp()) end();
      else group.cancelDeadline = this.#scheduler.after(AWAY, look);
    };
    group.cancelDeadline = this.#scheduler.after(longest, look);
  }

  #restartSession(group: Group, member: Member): void {
    member.cancelSession();
    const expire = () => {
      // A member that waits for an answer counts as alive.
      if (member.join !== undefined || member.sync !== undefined) return;
      if (this.#isUp()) this.#remove(group, member);
      else member.cancelSession = this.#scheduler.after(AWAY, expire);
    };
    member.cancelSession = this.#scheduler.after(member.sessionTimeout, expire);
  }
}

/** An assignment as Kafka's own assignors write it: partitions only. */
function plainAssignment(share: ReadonlyMap<string, readonly number[]>): Uint8Array {
  const writer = new ByteWriter().int16(0).int32(share.size);
  for (const [topic, partitions] of share) {
    writer.string(topic).int32(partitions.length);
    for (const partition of partitions) writer.int32(partition);
  }
  return writer.block(null).written;
}

function newMember({ member: id, protocol, subscription, sessionTimeout, rebalanceTimeout }: JoinOptions): Member {
  return {
    id,
    protocol,
    subscription,
    sessionTimeout,
    rebalanceTimeout,
    assignment: NOTHING,
    synced: false,
    join: undefined,
    sync: undefined,
    cancelSession: () => {},
  };
}

function refused(code: number): never {
  throw brokerError(code, "a member of a consumer group");
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

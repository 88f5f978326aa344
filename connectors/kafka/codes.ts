/**
 * Kafka's error codes in words: the whole table of Apache Kafka 4.3, so that no message has a bare number.
 *
 * Each line: code, Kafka's name | what it means | what to do about it. A test compares it with the broker's own table.
 *
 * @module
 */

/** An error code in words. */
export interface KafkaCode {
  readonly code: number;
  /** Kafka's own name, to search for. */
  readonly name: string;
  /** Without a capital and without a full stop. */
  readonly meaning: string;
  /** Without a capital and without a full stop. */
  readonly cure: string;
}

const RETRY = "this passes by itself";
const OURS = "this client never causes it: report it with this line";

const TABLE = `
-1 UNKNOWN_SERVER_ERROR | the broker failed in a way that it did not expect | the broker's own log says why
0 NONE | nothing is wrong | nothing is to be done
1 OFFSET_OUT_OF_RANGE | the offset is not in the log any more, or not yet | the topic was cut off by retention, or made anew
2 CORRUPT_MESSAGE | the broker found a record damaged, or without a key although its topic is compacted | give the sink a key, or write to a topic that is not compacted
3 UNKNOWN_TOPIC_OR_PARTITION | there is no such topic or partition | check whether the topic was deleted; a topic that is just being made appears by itself
4 INVALID_FETCH_SIZE | the size of the fetch is not valid | ${OURS}
5 LEADER_NOT_AVAILABLE | the partition has no leader | a leader is elected when one of the brokers with its data is back
6 NOT_LEADER_OR_FOLLOWER | the partition has moved to another broker | ${RETRY}
7 REQUEST_TIMED_OUT | the broker did not finish in time | it is overloaded, or too few replicas are in sync
8 BROKER_NOT_AVAILABLE | the broker is not available | check that all brokers run
9 REPLICA_NOT_AVAILABLE | the replica is not available | ${RETRY}
10 MESSAGE_TOO_LARGE | the record batch is larger than the topic takes | raise the topic's max.message.bytes, or write smaller results
11 STALE_CONTROLLER_EPOCH | the controller has moved | ${RETRY}
12 OFFSET_METADATA_TOO_LARGE | the note beside an offset is too large | raise the broker's offset.metadata.max.bytes
13 NETWORK_EXCEPTION | the connection broke before the answer | ${RETRY}
14 COORDINATOR_LOAD_IN_PROGRESS | the coordinator is just being loaded | ${RETRY}
15 COORDINATOR_NOT_AVAILABLE | there is no coordinator | it comes by itself; if it does not, check that the broker's internal topics have enough brokers for their replicas
16 NOT_COORDINATOR | the coordinator has moved to another broker | ${RETRY}
17 INVALID_TOPIC_EXCEPTION | the topic's name is not valid, or the topic is an internal one | a name has 1 to 249 letters, digits, dots, underscores and hyphens
18 RECORD_LIST_TOO_LARGE | the record batch is larger than a segment of the topic | raise the topic's segment.bytes, or write smaller results
19 NOT_ENOUGH_REPLICAS | fewer replicas are in sync than the topic's min.insync.replicas | bring the missing brokers back, or lower min.insync.replicas
20 NOT_ENOUGH_REPLICAS_AFTER_APPEND | the records are written, but on fewer replicas than the topic's min.insync.replicas | bring the missing brokers back, or lower min.insync.replicas
21 INVALID_REQUIRED_ACKS | the number of acknowledgements is not valid | ${OURS}
22 ILLEGAL_GENERATION | the consumer group has a newer generation | ${RETRY}
23 INCONSISTENT_GROUP_PROTOCOL | the consumer group has members that share out partitions in another way | end the other consumers of that group, or give the job another name
24 INVALID_GROUP_ID | the name of the consumer group is not valid | give the job a name that is not empty
25 UNKNOWN_MEMBER_ID | the consumer group does not know this member any more | the member joins anew by itself
26 INVALID_SESSION_TIMEOUT | the broker does not allow sessions of this length | let group.min.session.timeout.ms and group.max.session.timeout.ms of the broker include 10 seconds
27 REBALANCE_IN_PROGRESS | the consumer group is changing | ${RETRY}
28 INVALID_COMMIT_OFFSET_SIZE | the offsets to commit are too many or too large | lower the number of partitions of the job
29 TOPIC_AUTHORIZATION_FAILED | it does not allow this user to use the topic | grant READ and DESCRIBE on the job's inputs, WRITE and DESCRIBE on its outputs, CREATE on its own topics, DELETE on those of its hops
30 GROUP_AUTHORIZATION_FAILED | it does not allow this user to use the consumer group | grant READ on all groups whose names begin with the job's
31 CLUSTER_AUTHORIZATION_FAILED | it does not allow this user to do that on the cluster | grant IDEMPOTENT_WRITE, and CREATE where topics are to be made
32 INVALID_TIMESTAMP | a record's timestamp is further from the broker's clock than the topic allows | see message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic
33 UNSUPPORTED_SASL_MECHANISM | the broker does not know this way to log in | choose one of the listener's sasl.enabled.mechanisms in client.sasl.mechanism
34 ILLEGAL_SASL_STATE | the login came at a wrong moment | check whether the listener wants a login at all (client.sasl)
35 UNSUPPORTED_VERSION | the broker does not know this version of the request | use Apache Kafka 2.5 or newer
36 TOPIC_ALREADY_EXISTS | a topic of this name exists already | use it, or choose another name
37 INVALID_PARTITIONS | the number of partitions is not valid | it must be at least 1, and a topic can only grow
38 INVALID_REPLICATION_FACTOR | there are fewer brokers than replicas are wanted | start more brokers, or lower default.replication.factor
39 INVALID_REPLICA_ASSIGNMENT | the replicas cannot lie like that | ${OURS}
40 INVALID_CONFIG | a setting of the topic is not valid | correct the setting that Kafka names
41 NOT_CONTROLLER | another broker is the controller | ${RETRY}
42 INVALID_REQUEST | the broker could not read the request, or not take it as it is | the broker's own log says why
43 UNSUPPORTED_FOR_MESSAGE_FORMAT | the topic is kept in a format that is too old | raise the topic's message format
44 POLICY_VIOLATION | a policy of the cluster forbids it | ask who runs the cluster; Kafka names the policy
45 OUT_OF_ORDER_SEQUENCE_NUMBER | records of this producer are missing before these | the producer begins anew by itself
46 DUPLICATE_SEQUENCE_NUMBER | these records were written already | nothing is lost, and nothing is to be done
47 INVALID_PRODUCER_EPOCH | another producer with the same id took over | end the other process, if it should not run
48 INVALID_TXN_STATE | the transaction is not in a state in which that can be done | the producer begins anew by itself
49 INVALID_PRODUCER_ID_MAPPING | the transactional id belongs to another producer by now | the producer begins anew by itself
50 INVALID_TRANSACTION_TIMEOUT | the broker does not allow transactions that may take so long | raise the broker's transaction.max.timeout.ms, or lower the job's transaction timeout
51 CONCURRENT_TRANSACTIONS | the transaction before is still being finished | ${RETRY}
52 TRANSACTION_COORDINATOR_FENCED | the transaction's coordinator has moved | ${RETRY}
53 TRANSACTIONAL_ID_AUTHORIZATION_FAILED | it does not allow this user to use the transactional id | grant WRITE and DESCRIBE on all transactional ids that begin with the job's name
54 SECURITY_DISABLED | the broker has no permissions to be asked for | set an authorizer on the broker
55 OPERATION_NOT_ATTEMPTED | the broker did not try it, because another part of the request failed | the failure of the other part says why
56 KAFKA_STORAGE_ERROR | the broker cannot use its disk | check the disk of the partition's leader
57 LOG_DIR_NOT_FOUND | the broker has no such log directory | check the broker's log.dirs
58 SASL_AUTHENTICATION_FAILED | the login was refused | check user and password in client.sasl
59 UNKNOWN_PRODUCER_ID | the broker has forgotten this producer | the producer begins anew by itself
60 REASSIGNMENT_IN_PROGRESS | the partitions are just being moved between brokers | wait until that is done
61 DELEGATION_TOKEN_AUTH_DISABLED | the broker takes no delegation tokens | log in in another way (client.sasl)
62 DELEGATION_TOKEN_NOT_FOUND | the broker does not know the delegation token | make a new token
63 DELEGATION_TOKEN_OWNER_MISMATCH | the delegation token belongs to somebody else | use a token of this user
64 DELEGATION_TOKEN_REQUEST_NOT_ALLOWED | delegation tokens cannot be asked for on this connection | use TLS and a login (client.ssl, client.sasl)
65 DELEGATION_TOKEN_AUTHORIZATION_FAILED | it does not allow this user to use the delegation token | grant DESCRIBE on the token
66 DELEGATION_TOKEN_EXPIRED | the delegation token has expired | make a new token
67 INVALID_PRINCIPAL_TYPE | the broker does not know this kind of user | use one that its authorizer knows
68 NON_EMPTY_GROUP | the consumer group has members | stop its consumers first
69 GROUP_ID_NOT_FOUND | there is no such consumer group | check its name
70 FETCH_SESSION_ID_NOT_FOUND | the broker has forgotten the fetch session | ${RETRY}
71 INVALID_FETCH_SESSION_EPOCH | the fetch session has gone on without this client | ${RETRY}
72 LISTENER_NOT_FOUND | the partition's leader has no listener of the kind that was asked | give all brokers the same listeners
73 TOPIC_DELETION_DISABLED | the cluster deletes no topics | set delete.topic.enable on the brokers
74 FENCED_LEADER_EPOCH | the partition has a newer leader | ${RETRY}
75 UNKNOWN_LEADER_EPOCH | the broker does not know of the partition's newer leader yet | ${RETRY}
76 UNSUPPORTED_COMPRESSION_TYPE | the records are compressed in a way that this version of the request cannot carry | choose another compression.type
77 STALE_BROKER_EPOCH | the broker has been started anew | ${RETRY}
78 OFFSET_NOT_AVAILABLE | the partition's new leader does not know yet how far one may read | ${RETRY}
79 MEMBER_ID_REQUIRED | the member is to come again under the id that it was given | the member does so by itself
80 PREFERRED_LEADER_NOT_AVAILABLE | the partition's preferred leader is away | check that all brokers run
81 GROUP_MAX_SIZE_REACHED | the consumer group has as many members as the broker allows | raise group.max.size, or start fewer workers
82 FENCED_INSTANCE_ID | another member has the same group.instance.id | give each consumer an id of its own
83 ELIGIBLE_LEADERS_NOT_AVAILABLE | none of the brokers that could lead the partition is there | bring one of them back
84 ELECTION_NOT_NEEDED | the partition has the right leader already | nothing is to be done
85 NO_REASSIGNMENT_IN_PROGRESS | no partition is being moved between brokers | nothing is to be done
86 GROUP_SUBSCRIBED_TO_TOPIC | the consumer group reads the topic at this moment | stop its consumers first
87 INVALID_RECORD | the broker's checks refused a record | for a compacted topic give the sink a key; Kafka names the reason
88 UNSTABLE_OFFSET_COMMIT | a transaction has offsets of the group under way | they are there when the transaction has ended
89 THROTTLING_QUOTA_EXCEEDED | a quota is used up | ask who runs the cluster to raise the quota, or wait
90 PRODUCER_FENCED | another producer with the same id took over | end the other process, if it should not run
91 RESOURCE_NOT_FOUND | what was named does not exist | check its name
92 DUPLICATE_RESOURCE | the same thing was named twice | ${OURS}
93 UNACCEPTABLE_CREDENTIAL | the broker does not take these credentials | choose others that meet its rules
94 INCONSISTENT_VOTER_SET | controllers disagree about who votes | check controller.quorum.voters of all of them
95 INVALID_UPDATE_VERSION | the version of a feature is not valid | choose one that the cluster knows
96 FEATURE_UPDATE_FAILED | a feature of the cluster could not be updated | the controller's own log says why
97 PRINCIPAL_DESERIALIZATION_FAILURE | brokers cannot pass users on to each other | check the security settings of the brokers among themselves
98 SNAPSHOT_NOT_FOUND | a controller's snapshot is missing | ${RETRY}
99 POSITION_OUT_OF_RANGE | a controller's snapshot ends before that position | ${RETRY}
100 UNKNOWN_TOPIC_ID | there is no topic with that id | check whether the topic was deleted or made anew
101 DUPLICATE_BROKER_REGISTRATION | two brokers have the same id | give each broker a node.id of its own
102 BROKER_ID_NOT_REGISTERED | the controller does not know the broker | check that the broker runs
103 INCONSISTENT_TOPIC_ID | the topic was made anew while it was used | start the job with reset to process the new topic
104 INCONSISTENT_CLUSTER_ID | the broker belongs to another cluster | check the addresses in brokers
105 TRANSACTIONAL_ID_NOT_FOUND | the coordinator does not know the transactional id | nothing of it is open, so nothing is to be done
106 FETCH_SESSION_TOPIC_ID_ERROR | the fetch session has mixed up topics | ${RETRY}
107 INELIGIBLE_REPLICA | a replica cannot be in sync at this moment | check that all brokers run
108 NEW_LEADER_ELECTED | the partition has a new leader | ${RETRY}
109 OFFSET_MOVED_TO_TIERED_STORAGE | the offset lies in remote storage | ${RETRY}
110 FENCED_MEMBER_EPOCH | the consumer group has gone on without this member | the member joins anew by itself
111 UNRELEASED_INSTANCE_ID | another member still has the same group.instance.id | stop that member first
112 UNSUPPORTED_ASSIGNOR | the consumer group does not know this way to share out partitions | end the other consumers of that group, or give the job another name
113 STALE_MEMBER_EPOCH | the member does not know the group's newest state yet | the member asks for it by itself
114 MISMATCHED_ENDPOINT_TYPE | the request went to a controller instead of a broker, or the other way round | name addresses of brokers in brokers, not of controllers
115 UNSUPPORTED_ENDPOINT_TYPE | the broker does not take requests at this kind of address | name addresses of brokers in brokers, not of controllers
116 UNKNOWN_CONTROLLER_ID | there is no such controller | ${RETRY}
117 UNKNOWN_SUBSCRIPTION_ID | the broker does not know this client's telemetry | ${OURS}
118 TELEMETRY_TOO_LARGE | the client's telemetry is too large | ${OURS}
119 INVALID_REGISTRATION | the controller refused the broker | the broker's own log says why
120 TRANSACTION_ABORTABLE | the transaction can only be aborted | the producer aborts it and begins anew by itself
121 INVALID_RECORD_STATE | records of a share group cannot be acknowledged any more | ${OURS}
122 SHARE_SESSION_NOT_FOUND | the broker has forgotten the session of a share group | ${OURS}
123 INVALID_SHARE_SESSION_EPOCH | the session of a share group has gone on without this client | ${OURS}
124 FENCED_STATE_EPOCH | the state of a share group is newer | ${OURS}
125 INVALID_VOTER_KEY | a controller that votes has another key | check controller.quorum.voters of all controllers
126 DUPLICATE_VOTER | the controller votes already | nothing is to be done
127 VOTER_NOT_FOUND | the controller does not vote | check its id
128 INVALID_REGULAR_EXPRESSION | the pattern for topics is not valid | correct the pattern
129 REBOOTSTRAP_REQUIRED | what the client knows of the cluster is out of date | the client connects anew by itself
130 STREAMS_INVALID_TOPOLOGY | the group belongs to Kafka Streams, and its topology is not valid | give the job another name
131 STREAMS_INVALID_TOPOLOGY_EPOCH | the group belongs to Kafka Streams, and its topology is of another age | give the job another name
132 STREAMS_TOPOLOGY_FENCED | the group belongs to Kafka Streams, and its topology is out of date | give the job another name
133 SHARE_SESSION_LIMIT_REACHED | the broker has as many sessions of share groups as it may | ${OURS}
`;

const CODES: ReadonlyMap<number, KafkaCode> = new Map(
  TABLE.trim().split("\n").map((line) => {
    const [head, meaning, cure] = line.split(" | ");
    const [code, name] = head.split(" ");
    return [Number(code), { code: Number(code), name, meaning, cure }];
  }),
);

/** Describes an error code, also one that is newer than this table. */
export function describeCode(code: number): KafkaCode {
  return CODES.get(code) ?? {
    code,
    name: `UNKNOWN_CODE_${code}`,
    meaning: `the broker gave a reason that is newer than this client (number ${code} in Kafka's table of error codes)`,
    cure: "look it up in the documentation of the broker's version, and in the broker's own log",
  };
}

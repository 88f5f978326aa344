/** The properties of every node: broker and controller in one, with a fast start. */
export function commonProperties(nodes: number, partitions: number): Record<string, string> {
  const copies = String(Math.min(3, nodes));
  const inSync = nodes >= 3 ? "2" : "1";
  return {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "num.partitions": String(partitions),
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": inSync,
    // Kafka's default of 50 partitions for each of its own topics costs a second when the topic is first used.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    // Tests write records of other years. A broker would delete them by their timestamps, 30 s after its start and
    // later.
    "log.retention.ms": "-1",
    "group.initial.rebalance.delay.ms": "0",
    // A killed node can return only when its old session has ended. A node that is alone has a longer one: where it misses
    // its own heartbeats on a busy machine, its partitions have no leader, and Kafka drops the ends of transactions.
    "broker.session.timeout.ms": nodes === 1 ? "9000" : "3000",
    "broker.heartbeat.interval.ms": "500",
  };
}

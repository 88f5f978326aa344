/** What every node is told, wherever it runs: broker and controller in one, and quick to come up. */
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
    "group.initial.rebalance.delay.ms": "0",
    // Records of the tests carry times of years ago. By default a node takes them away half a minute after it was started, from
    // under whatever test is reading then.
    "log.retention.ms": "-1",
    // A node that was killed may not come back before its old session has ended: by default that takes 9 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
  };
}

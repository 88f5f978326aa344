#!/bin/sh
# Starts Kafka in the image that is made on this machine. Environment variables mean what they mean in the published image:
# Kafka's own class turns KAFKA_* into properties and formats the directory of the data.
set -eu

# The options are words, and each is to be one.
# shellcheck disable=SC2086
set -- /opt/java/bin/java ${KAFKA_HEAP_OPTS:-} ${KAFKA_JVM_PERFORMANCE_OPTS:-} ${KAFKA_OPTS:-} \
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
  -cp "/opt/kafka/libs/*"

# A container that is started again has its data already.
said="$("$@" kafka.docker.KafkaDockerWrapper setup --default-configs-dir=/etc/kafka/docker \
  --mounted-configs-dir=/mnt/shared/config --final-configs-dir=/opt/kafka/config 2>&1)" ||
  case "$said" in
    *"already formatted"*) ;;
    *) echo "$said" >&2 && exit 1 ;;
  esac
exec "$@" kafka.Kafka /opt/kafka/config/server.properties

/**
 * The compression of record batches: names and Kafka's numbers.
 *
 * @module
 */

/** How the record batches of results are compressed. */
export type KafkaCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** Kafka's numbers of the codecs, as the attributes of a batch hold them. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** The names of the codecs, by their numbers. */
export const CODEC_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** The bytes at the beginning of snappy data that Java's clients write, before two versions of 32 bits each. */
export const XERIAL: readonly number[] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0];

/** The size of that header with its versions, in bytes. */
export const XERIAL_HEADER = 16;

/** The number with which an lz4 frame begins. */
export const LZ4_MAGIC = 0x184d2204;

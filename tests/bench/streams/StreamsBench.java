import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/**
 * The two pipelines of kafka_bench.py in Kafka Streams, one thread, state in memory, exactly once, commits every 200 ms:
 * StreamsBench BROKERS project|count IN OUT APPLICATION MESSAGES DIRECTORY. Ends when MESSAGES were read and committed;
 * with 0 as soon as it runs. Prints messages per second, from the first one on.
 */
public class StreamsBench {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration SIZE = Duration.ofSeconds(10);

  public static void main(String[] args) throws Exception {
    final long wanted = Long.parseLong(args[5]);
    final CountDownLatch done = new CountDownLatch(1);
    final AtomicLong seen = new AtomicLong();
    final AtomicLong began = new AtomicLong();
    final Serde<JsonNode> json = Serdes.serdeFrom((topic, node) -> write(node), (topic, bytes) -> read(bytes));

    final StreamsBuilder builder = new StreamsBuilder();
    final KStream<String, JsonNode> in = builder.stream(args[2],
        Consumed.with(Serdes.String(), json)
            .withTimestampExtractor((record, before) -> ((JsonNode) record.value()).get("t").asLong()))
        .peek((key, value) -> {
          final long now = seen.incrementAndGet();
          if (now == 1) began.set(System.nanoTime());
          if (now == wanted) done.countDown();
        });
    (args[1].equals("project") ? project(in) : count(in)).to(args[3], Produced.with(Serdes.String(), json));

    final KafkaStreams streams = new KafkaStreams(builder.build(), settings(args));
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING && wanted == 0) done.countDown();
    });
    streams.start();
    done.await();
    if (wanted > 0) System.out.printf("%.0f%n", wanted * 1e9 / (System.nanoTime() - began.get()));
    streams.close();                                 // Commits what was processed.
    System.exit(0);
  }

  private static KStream<String, JsonNode> project(KStream<String, JsonNode> in) {
    return in.filter((key, value) -> !value.get("bot").asBoolean()).mapValues(value -> {
      final ObjectNode row = JSON.createObjectNode();
      for (String field : new String[] {"k", "n", "t", "title"}) row.set(field, value.get(field));
      return row;
    });
  }

  private static KStream<String, JsonNode> count(KStream<String, JsonNode> in) {
    final Materialized<String, byte[], WindowStore<Bytes, byte[]>> store =
        Materialized.<String, byte[]>as(Stores.inMemoryWindowStore("counts", SIZE, SIZE, false))
            .withKeySerde(Serdes.String()).withValueSerde(Serdes.ByteArray());
    return in.groupByKey(Grouped.keySerde(Serdes.String()))
        .windowedBy(TimeWindows.ofSizeWithNoGrace(SIZE))
        .emitStrategy(EmitStrategy.onWindowClose())
        .aggregate(() -> new byte[16], (key, value, sum) -> {
          final ByteBuffer old = ByteBuffer.wrap(sum);
          return ByteBuffer.allocate(16).putLong(old.getLong(0) + 1).putLong(old.getLong(8) + value.get("n").asLong()).array();
        }, store)
        .toStream().map((window, sum) -> {
          final ObjectNode row = JSON.createObjectNode();
          row.put("k", window.key()).put("window_start", window.window().start()).put("window_end", window.window().end());
          row.put("c", ByteBuffer.wrap(sum).getLong(0)).put("s", ByteBuffer.wrap(sum).getLong(8));
          return org.apache.kafka.streams.KeyValue.pair(window.key(), (JsonNode) row);
        });
  }

  private static Properties settings(String[] args) {
    final Properties out = new Properties();
    out.put(StreamsConfig.APPLICATION_ID_CONFIG, args[4]);
    out.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    out.put(StreamsConfig.STATE_DIR_CONFIG, args[6]);
    out.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    out.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    out.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
    out.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    out.put("auto.offset.reset", "earliest");
    return out;
  }

  private static JsonNode read(byte[] bytes) {
    try {
      return bytes == null ? null : JSON.readTree(bytes);
    } catch (java.io.IOException why) {
      throw new IllegalStateException(why);
    }
  }

  private static byte[] write(JsonNode node) {
    try {
      return node == null ? null : JSON.writeValueAsBytes(node);
    } catch (java.io.IOException why) {
      throw new IllegalStateException(why);
    }
  }
}
